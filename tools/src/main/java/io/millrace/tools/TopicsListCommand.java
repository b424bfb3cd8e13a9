package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import io.millrace.tools.output.Table;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace topics list}. */
@Command(
    name = "list",
    description = "Lists topics.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace topics list",
      "  millrace topics list --names | xargs -n 1 millrace topics describe --topic"
    })
final class TopicsListCommand implements Callable<Integer> {

  @Mixin private ClusterOptions cluster;
  @Mixin private Console console;

  @Option(
      names = "--exclude-internal",
      description = "Leaves out topics that belong to the cluster itself.")
  private boolean excludeInternal;

  @Option(names = "--names", description = "Only names, one a line.")
  private boolean namesOnly;

  @Override
  public Integer call() {
    try (Admin admin = cluster.admin()) {
      List<String> names =
          cluster.await(admin.listTopics()).stream()
              .filter(topic -> !(excludeInternal && topic.internal()))
              .map(TopicListing::name)
              .sorted()
              .toList();
      if (namesOnly && !console.json()) {
        names.forEach(console::say);
        return ExitCode.OK;
      }
      Map<String, CompletableFuture<TopicDescription>> answers =
          names.isEmpty() ? Map.of() : admin.describeTopics(names);
      print(names.stream().map(answers::get).map(cluster::await).toList());
      return ExitCode.OK;
    }
  }

  private void print(List<TopicDescription> topics) {
    Table table = new Table("TOPIC", ">PARTITIONS", ">REPLICATION", "HEALTH");
    for (TopicDescription topic : topics) {
      int partitions = topic.partitions().size();
      int replication = partitions == 0 ? 0 : topic.partitions().get(0).replicas().size();
      if (console.json()) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("topic", topic.name());
        entry.put("topicId", topic.topicId());
        entry.put("internal", topic.internal());
        entry.put("partitions", partitions);
        entry.put("replicationFactor", replication);
        entry.put("health", TopicHealth.of(topic).toString());
        console.printJson(entry);
      } else {
        table.row(topic.name(), partitions, replication, TopicHealth.of(topic));
      }
    }
    if (console.json()) {
      return;
    }
    if (table.isEmpty()) {
      console.say("No topics yet. Create one: millrace topics create --topic NAME");
    } else {
      console.print(table);
    }
  }
}
