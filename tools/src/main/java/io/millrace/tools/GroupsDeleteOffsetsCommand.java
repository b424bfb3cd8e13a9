package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.GroupDescription;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.tools.groups.TopicScope;
import io.millrace.tools.output.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace groups delete-offsets}. */
@Command(
    name = "delete-offsets",
    description = {
      "Forgets what a group has committed in topics.",
      "",
      "Members that come later start there as new ones do. Refused for topics that a member subscribes to now."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace groups delete-offsets --group billing --topic orders",
      "  millrace groups delete-offsets --group billing --topic orders:0,1 --topic returns"
    })
final class GroupsDeleteOffsetsCommand implements Callable<Integer> {

  @Mixin private ClusterOptions cluster;
  @Mixin private Console console;

  @Option(names = "--group", required = true, paramLabel = "GROUP", description = "Which one.")
  private String group = "";

  @Option(
      names = "--topic",
      required = true,
      paramLabel = "TOPIC[:PARTITION,...]",
      description = "Which topic, or only some of its partitions; may be repeated.")
  private List<String> topics = new ArrayList<>();

  @Override
  public Integer call() {
    List<TopicScope> scopes = topics.stream().map(TopicScope::parse).toList();
    try (Admin admin = cluster.admin()) {
      var descriptions = admin.describeGroups(List.of(group));
      GroupDescription description = GroupChoice.find(descriptions, group, cluster).orElse(null);
      if (description == null) {
        GroupChoice.sayUnknown(group, console);
        return ExitCode.FAILED;
      }
      Map<TopicPartition, OffsetAndMetadata> committed =
          cluster.await(admin.committedOffsets(group));
      List<TopicPartition> partitions = TopicScope.filter(scopes, committed.keySet());
      if (partitions.isEmpty()) {
        throw new CommandFailure(
            ExitCode.FAILED,
            "group '" + group + "' has committed nothing in " + String.join(", ", topics),
            "See what it has: millrace groups describe --group " + group);
      }
      Map<TopicPartition, String> failures = new TreeMap<>();
      admin
          .deleteGroupOffsets(group, partitions)
          .forEach(
              (partition, answer) -> {
                String failure = GroupFailures.of(cluster, answer);
                if (failure != null) {
                  failures.put(partition, failure);
                }
              });
      print(partitions, committed, failures);
      if (failures.isEmpty()) {
        return ExitCode.OK;
      }
      console
          .err()
          .println(
              "millrace: "
                  + GroupText.count(failures.size(), "offset")
                  + " not deleted: "
                  + failures.values().iterator().next()
                  + (description.members().isEmpty() ? "" : ": " + GroupText.members(description)));
      return ExitCode.FAILED;
    }
  }

  private void print(
      List<TopicPartition> partitions,
      Map<TopicPartition, OffsetAndMetadata> committed,
      Map<TopicPartition, String> failures) {
    Table table = new Table("TOPIC", ">PARTITION", ">OFFSET", "");
    for (TopicPartition partition : partitions) {
      String failure = failures.get(partition);
      long offset = Objects.requireNonNull(committed.get(partition)).offset();
      if (console.json()) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("group", group);
        json.put("topic", partition.topic());
        json.put("partition", partition.partition());
        json.put("offset", offset);
        json.put("deleted", failure == null);
        json.put("failure", failure);
        console.printJson(json);
      } else {
        table.row(
            partition.topic(),
            partition.partition(),
            offset,
            Objects.requireNonNullElse(failure, "deleted"));
      }
    }
    if (!console.json()) {
      console.print(table);
    }
  }
}
