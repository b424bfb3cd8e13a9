package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.MillraceException;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace topics delete}. */
@Command(
    name = "delete",
    description = "Deletes topics with all their records. There is no way back.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace topics delete --topic orders",
      "  millrace topics delete --topic orders --if-exists"
    })
final class TopicsDeleteCommand implements Callable<Integer> {

  @Mixin private ClusterOptions cluster;
  @Mixin private Console console;

  @Option(
      names = "--topic",
      required = true,
      paramLabel = "NAME",
      description = "Which one; may be repeated.")
  private List<String> topics = new ArrayList<>();

  @Option(names = "--if-exists", description = "Is content when there is no such topic.")
  private boolean ifExists;

  @Override
  public Integer call() {
    try (Admin admin = cluster.admin()) {
      Map<String, CompletableFuture<Void>> answers = admin.deleteTopics(topics);
      for (String topic : topics) {
        boolean deleted = true;
        try {
          cluster.await(answers.get(topic));
        } catch (MillraceException e) {
          if (!ifExists || e.error() != ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
            throw e;
          }
          deleted = false;
        }
        if (console.json()) {
          Map<String, Object> answer = new LinkedHashMap<>();
          answer.put("topic", topic);
          answer.put("deleted", deleted);
          console.printJson(answer);
        } else {
          console.say(
              deleted
                  ? "Deleted topic " + topic + "."
                  : "There is no topic " + topic + "; nothing changed.");
        }
      }
      return ExitCode.OK;
    }
  }
}
