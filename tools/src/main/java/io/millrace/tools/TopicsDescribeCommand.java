package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.ConfigEntry;
import io.millrace.client.ConfigResource;
import io.millrace.client.OffsetSpec;
import io.millrace.client.PartitionDescription;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import io.millrace.client.TopicPartition;
import io.millrace.tools.output.Table;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace topics describe}. */
@Command(
    name = "describe",
    description = "Shows partitions, replicas, offsets and configs of topics.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace topics describe --topic orders",
      "  millrace topics describe --under-replicated-partitions",
      "  millrace topics describe --topic orders --all-configs"
    })
final class TopicsDescribeCommand implements Callable<Integer> {

  @Mixin private ClusterOptions cluster;
  @Mixin private Console console;

  @Option(
      names = "--topic",
      paramLabel = "NAME",
      description = "Which one; may be repeated. Default: all.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--under-replicated-partitions",
      description = "Only partitions that lack a replica in sync.")
  private boolean underReplicated;

  @Option(names = "--unavailable-partitions", description = "Only partitions without a leader.")
  private boolean unavailable;

  @Option(names = "--all-configs", description = "Shows configs that have their default, too.")
  private boolean allConfigs;

  @Override
  public Integer call() {
    try (Admin admin = cluster.admin()) {
      List<String> wanted =
          names.isEmpty()
              ? cluster.await(admin.listTopics()).stream().map(TopicListing::name).sorted().toList()
              : names;
      if (wanted.isEmpty()) {
        console.say("No topics yet. Create one: millrace topics create --topic NAME");
        return ExitCode.OK;
      }
      Map<String, CompletableFuture<TopicDescription>> answers = admin.describeTopics(wanted);
      Map<ConfigResource, CompletableFuture<List<ConfigEntry>>> configs =
          admin.describeConfigs(wanted.stream().map(ConfigResource::topic).toList());
      for (String name : wanted) {
        TopicDescription topic = cluster.await(answers.get(name));
        List<ConfigEntry> entries =
            cluster.await(configs.get(ConfigResource.topic(name))).stream()
                .filter(entry -> allConfigs || entry.source() == ConfigEntry.Source.TOPIC)
                .toList();
        describe(topic, entries, offsets(admin, topic));
      }
      return ExitCode.OK;
    }
  }

  private static final long OFFSETS_WAIT_MS = 3_000;

  /** First and next offset of a partition. */
  private record Range(long start, long end) {}

  /**
   * Offsets of the partitions whose leaders answer soon: one that is down, or whose disk failed,
   * must not hide the rest.
   */
  private Map<Integer, Range> offsets(Admin admin, TopicDescription topic) {
    Map<TopicPartition, OffsetSpec> starts = new HashMap<>();
    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
    for (PartitionDescription partition : topic.partitions()) {
      if (partition.hasLeader()) {
        TopicPartition id = new TopicPartition(topic.name(), partition.partition());
        starts.put(id, OffsetSpec.earliest());
        ends.put(id, OffsetSpec.latest());
      }
    }
    var startAnswers = admin.listOffsets(starts);
    var endAnswers = admin.listOffsets(ends);
    Map<Integer, Range> ranges = new HashMap<>();
    startAnswers.forEach(
        (id, start) -> {
          Range range =
              cluster
                  .await(
                      start
                          .thenCombine(
                              Objects.requireNonNull(endAnswers.get(id)),
                              (from, to) -> Optional.of(new Range(from.offset(), to.offset())))
                          .completeOnTimeout(
                              Optional.empty(), OFFSETS_WAIT_MS, TimeUnit.MILLISECONDS)
                          .exceptionally(failure -> Optional.empty()))
                  .orElse(null);
          if (range != null) {
            ranges.put(id.partition(), range);
          }
        });
    return ranges;
  }

  private void describe(
      TopicDescription topic, List<ConfigEntry> configs, Map<Integer, Range> ranges) {
    List<PartitionDescription> partitions =
        topic.partitions().stream()
            .filter(partition -> !underReplicated || partition.isUnderReplicated())
            .filter(partition -> !unavailable || !partition.hasLeader())
            .toList();
    if (partitions.isEmpty() && (underReplicated || unavailable)) {
      return;
    }
    if (console.json()) {
      console.printJson(json(topic, partitions, configs, ranges));
      return;
    }
    console.say("Topic " + topic.name() + "  id " + topic.topicId() + "  " + TopicHealth.of(topic));
    if (!configs.isEmpty()) {
      console.say(
          configs.stream()
              .map(entry -> entry.name() + "=" + entry.value())
              .sorted()
              .collect(Collectors.joining("  ", "Configs ", "")));
    }
    Table table =
        new Table(
            ">PARTITION", ">LEADER", ">EPOCH", "REPLICAS", "IN SYNC", "OFFLINE", ">START", ">END");
    for (PartitionDescription partition : partitions) {
      Range range = ranges.get(partition.partition());
      table.row(
          partition.partition(),
          partition.hasLeader() ? partition.leader() : "none",
          partition.leaderEpoch(),
          ids(partition.replicas()),
          ids(partition.inSyncReplicas()),
          partition.offlineReplicas().isEmpty() ? "-" : ids(partition.offlineReplicas()),
          range == null ? "-" : range.start(),
          range == null ? "-" : range.end());
    }
    console.print(table);
    console.say("");
  }

  private static String ids(List<Integer> brokers) {
    return brokers.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  private static Map<String, Object> json(
      TopicDescription topic,
      List<PartitionDescription> partitions,
      List<ConfigEntry> configs,
      Map<Integer, Range> ranges) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("topic", topic.name());
    answer.put("topicId", topic.topicId());
    answer.put("internal", topic.internal());
    Map<String, Object> values = new LinkedHashMap<>();
    configs.forEach(entry -> values.put(entry.name(), entry.value()));
    answer.put("configs", values);
    List<Map<String, Object>> list = new ArrayList<>();
    for (PartitionDescription partition : partitions) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("partition", partition.partition());
      one.put("leader", partition.leader());
      one.put("leaderEpoch", partition.leaderEpoch());
      one.put("replicas", partition.replicas());
      one.put("inSyncReplicas", partition.inSyncReplicas());
      one.put("offlineReplicas", partition.offlineReplicas());
      Range range = ranges.get(partition.partition());
      one.put("startOffset", range == null ? null : range.start());
      one.put("endOffset", range == null ? null : range.end());
      list.add(one);
    }
    answer.put("partitions", list);
    return answer;
  }
}
