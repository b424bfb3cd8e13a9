package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.CreatedTopic;
import io.millrace.client.MillraceException;
import io.millrace.client.NewTopic;
import io.millrace.protocol.ErrorCode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace topics create}. */
@Command(
    name = "create",
    description = "Creates a topic; returns when the cluster has it.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace topics create --topic orders",
      "  millrace topics create --topic orders --partitions 6 --replication-factor 3 --config retention.ms=86400000",
      "  millrace topics create --topic orders --replica-assignment 1:2,2:3,3:1"
    })
final class TopicsCreateCommand implements Callable<Integer> {

  @Mixin private ClusterOptions cluster;
  @Mixin private Console console;

  @Option(
      names = "--topic",
      required = true,
      paramLabel = "NAME",
      description = "Its name: letters, digits, '.', '_', '-'; at most 249.")
  private String topic = "";

  @Option(
      names = "--partitions",
      paramLabel = "N",
      description = "How many. Default: the cluster's num.partitions.")
  private @Nullable Integer partitions;

  @Option(
      names = "--replication-factor",
      paramLabel = "N",
      description = "Copies of each partition. Default: the cluster's default.replication.factor.")
  private @Nullable Integer replicationFactor;

  @Option(
      names = "--replica-assignment",
      paramLabel = "B:B,...",
      description =
          "Brokers by partition, the preferred leader first: 1:2,2:3 places partition 0 on 1 and 2, partition 1 on 2 and 3.")
  private @Nullable String replicaAssignment;

  @Option(
      names = "--config",
      paramLabel = "KEY=VALUE",
      description = "A topic config, by Kafka's name. May be repeated.")
  private Map<String, String> configs = new LinkedHashMap<>();

  @Option(names = "--if-not-exists", description = "Is content when the topic is there already.")
  private boolean ifNotExists;

  @Option(names = "--validate-only", description = "Only says whether it would work.")
  private boolean validateOnly;

  @Override
  public Integer call() {
    NewTopic wanted = wanted();
    try (Admin admin = cluster.admin()) {
      @Nullable CreatedTopic created;
      try {
        created = cluster.await(admin.createTopics(List.of(wanted), validateOnly).get(topic));
      } catch (MillraceException e) {
        if (!ifNotExists || e.error() != ErrorCode.TOPIC_ALREADY_EXISTS) {
          throw e;
        }
        created = null;
      }
      report(created);
      return ExitCode.OK;
    }
  }

  private NewTopic wanted() {
    if (replicaAssignment != null) {
      if (partitions != null || replicationFactor != null) {
        throw new CommandFailure(
            ExitCode.USAGE,
            "--replica-assignment says how many partitions and replicas; leave --partitions and --replication-factor out",
            null);
      }
      return NewTopic.of(topic, parseAssignment(replicaAssignment)).withConfigs(configs);
    }
    return NewTopic.of(
            topic,
            atLeastOne("--partitions", partitions),
            atLeastOne("--replication-factor", replicationFactor))
        .withConfigs(configs);
  }

  private static int atLeastOne(String flag, @Nullable Integer value) {
    if (value == null) {
      return NewTopic.BROKER_DEFAULT;
    }
    if (value < 1) {
      throw new CommandFailure(
          ExitCode.USAGE, flag + " is " + value + ", expected 1 or more", null);
    }
    return value;
  }

  /** Parses {@code 1:2,2:3}: brokers by partition. */
  static Map<Integer, List<Integer>> parseAssignment(String text) {
    Map<Integer, List<Integer>> assignment = new TreeMap<>();
    for (String partition : text.split(",", -1)) {
      try {
        List<Integer> brokers =
            List.of(partition.split(":", -1)).stream()
                .map(broker -> Integer.valueOf(broker.strip()))
                .toList();
        assignment.put(assignment.size(), brokers);
      } catch (NumberFormatException e) {
        throw new CommandFailure(
            ExitCode.USAGE,
            "--replica-assignment '"
                + text
                + "': '"
                + partition
                + "' is not broker ids such as 1:2:3",
            null);
      }
    }
    return assignment;
  }

  private void report(@Nullable CreatedTopic created) {
    if (console.json()) {
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("topic", topic);
      answer.put("created", created != null && !validateOnly);
      if (created != null) {
        answer.put("topicId", created.topicId());
        answer.put("partitions", created.partitions());
        answer.put("replicationFactor", created.replicationFactor());
      }
      console.printJson(answer);
    } else if (created == null) {
      console.say("Topic " + topic + " exists already; nothing changed.");
    } else {
      console.say(
          (validateOnly ? "Would create topic " : "Created topic ")
              + topic
              + (created.partitions() < 0
                  ? "."
                  : " with "
                      + created.partitions()
                      + (created.partitions() == 1 ? " partition" : " partitions")
                      + " and replication factor "
                      + created.replicationFactor()
                      + "."));
    }
  }
}
