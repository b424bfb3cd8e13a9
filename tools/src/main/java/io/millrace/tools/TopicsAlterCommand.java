package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.ConfigChange;
import io.millrace.client.ConfigResource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace topics alter}. */
@Command(
    name = "alter",
    description = "Adds partitions and changes configs.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace topics alter --topic orders --partitions 12",
      "  millrace topics alter --topic orders --config retention.ms=3600000 --config max.message.bytes=2097152",
      "  millrace topics alter --topic orders --delete-config retention.ms",
      "",
      "Adding partitions changes where keys go from then on; partitions are never taken away."
    })
final class TopicsAlterCommand implements Callable<Integer> {

  @Mixin private ClusterOptions cluster;
  @Mixin private Console console;

  @Option(names = "--topic", required = true, paramLabel = "NAME", description = "Which one.")
  private String topic = "";

  @Option(
      names = "--partitions",
      paramLabel = "N",
      description = "How many it shall have; more than now.")
  private @Nullable Integer partitions;

  @Option(
      names = "--config",
      paramLabel = "KEY=VALUE",
      description = "Sets a config. May be repeated.")
  private Map<String, String> configs = new LinkedHashMap<>();

  @Option(
      names = "--delete-config",
      paramLabel = "KEY",
      description = "Gives a config its default again. May be repeated.")
  private List<String> deletedConfigs = new ArrayList<>();

  @Option(names = "--validate-only", description = "Only says whether it would work.")
  private boolean validateOnly;

  @Override
  public Integer call() {
    List<ConfigChange> changes = new ArrayList<>();
    configs.forEach((name, value) -> changes.add(ConfigChange.set(name, value)));
    deletedConfigs.forEach(name -> changes.add(ConfigChange.delete(name)));
    if (partitions == null && changes.isEmpty()) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "nothing to change: give --partitions, --config or --delete-config",
          null);
    }
    try (Admin admin = cluster.admin()) {
      // Configs first: when one of them is refused, no partition has been added.
      if (!changes.isEmpty()) {
        ConfigResource resource = ConfigResource.topic(topic);
        cluster.await(admin.alterConfigs(Map.of(resource, changes), validateOnly).get(resource));
      }
      if (partitions != null) {
        cluster.await(admin.createPartitions(Map.of(topic, partitions), validateOnly).get(topic));
      }
    }
    if (console.json()) {
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("topic", topic);
      answer.put("altered", !validateOnly);
      console.printJson(answer);
    } else {
      console.say((validateOnly ? "Would alter topic " : "Altered topic ") + topic + ".");
    }
    return ExitCode.OK;
  }
}
