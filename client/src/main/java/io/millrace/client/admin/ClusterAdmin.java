package io.millrace.client.admin;

import io.millrace.client.Admin;
import io.millrace.client.BrokerInfo;
import io.millrace.client.ClientConfig;
import io.millrace.client.ClusterDescription;
import io.millrace.client.ConfigChange;
import io.millrace.client.ConfigEntry;
import io.millrace.client.ConfigResource;
import io.millrace.client.CreatedTopic;
import io.millrace.client.GroupDescription;
import io.millrace.client.GroupListings;
import io.millrace.client.GroupState;
import io.millrace.client.GroupType;
import io.millrace.client.IsolationLevel;
import io.millrace.client.LogDirectory;
import io.millrace.client.MemberToRemove;
import io.millrace.client.MillraceException;
import io.millrace.client.NewTopic;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.OffsetSpec;
import io.millrace.client.QuorumDescription;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.Attempts;
import io.millrace.client.cluster.ClientRuntime;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.cluster.OffsetLookup;
import io.millrace.client.cluster.TopicDescriber;
import io.millrace.client.network.Failures;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.DescribeClusterRequest;
import io.millrace.protocol.message.DescribeClusterResponse;
import io.millrace.protocol.message.DescribeClusterResponse.DescribeClusterBroker;
import io.millrace.protocol.message.DescribeQuorumRequest;
import io.millrace.protocol.message.DescribeQuorumResponse;
import io.millrace.protocol.message.ResponseMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The admin client behind {@link Admin}. Thread-safe: each operation lives on the loop and shares
 * nothing with others.
 */
public final class ClusterAdmin implements Admin {

  private final ClientRuntime runtime;
  private final ClusterClient cluster;
  private final TopicOperations topics;
  private final ConfigOperations configs;
  private final GroupOperations groups;
  private final GroupOffsets groupOffsets;
  private final GroupLister groupLister;
  private final long timeoutNanos;
  private final AtomicInteger underWay = new AtomicInteger();
  private final AtomicReference<CompletableFuture<Void>> idle = new AtomicReference<>();

  private ClusterAdmin(ClientConfig config, ClientRuntime runtime) {
    this.runtime = runtime;
    this.cluster = runtime.cluster();
    this.timeoutNanos = config.apiTimeout().toNanos();
    this.topics = new TopicOperations(cluster, timeoutNanos);
    this.configs = new ConfigOperations(cluster, timeoutNanos);
    this.groups = new GroupOperations(cluster, timeoutNanos);
    this.groupOffsets = new GroupOffsets(cluster, timeoutNanos);
    this.groupLister = new GroupLister(cluster, timeoutNanos);
  }

  /** Starts the loop; connects when the first operation needs it. */
  public static Admin start(ClientConfig config) {
    return new ClusterAdmin(config, ClientRuntime.start(config, false));
  }

  @Override
  public Map<String, CompletableFuture<CreatedTopic>> createTopics(
      Collection<NewTopic> wanted, boolean validateOnly) {
    return counted(topics.create(wanted, validateOnly));
  }

  @Override
  public Map<String, CompletableFuture<Void>> deleteTopics(Collection<String> names) {
    return counted(topics.delete(names));
  }

  @Override
  public CompletableFuture<List<TopicListing>> listTopics() {
    return counted(TopicDescriber.list(cluster, timeoutNanos));
  }

  @Override
  public Map<String, CompletableFuture<TopicDescription>> describeTopics(Collection<String> names) {
    return counted(TopicDescriber.describe(cluster, names, timeoutNanos));
  }

  @Override
  public Map<String, CompletableFuture<Void>> createPartitions(
      Map<String, Integer> totals, boolean validateOnly) {
    return counted(topics.createPartitions(totals, validateOnly));
  }

  @Override
  public Map<ConfigResource, CompletableFuture<List<ConfigEntry>>> describeConfigs(
      Collection<ConfigResource> resources) {
    return counted(configs.describe(resources));
  }

  @Override
  public Map<ConfigResource, CompletableFuture<Void>> alterConfigs(
      Map<ConfigResource, List<ConfigChange>> changes, boolean validateOnly) {
    return counted(configs.alter(changes, validateOnly));
  }

  @Override
  public CompletableFuture<ClusterDescription> describeCluster() {
    return counted(
        Attempts.run(
            cluster,
            "describeCluster",
            timeoutNanos,
            () ->
                askForCluster(true)
                    .exceptionallyCompose(
                        failure ->
                            Failures.of(failure).error() == ErrorCode.UNSUPPORTED_VERSION
                                ? askForCluster(false)
                                : CompletableFuture.failedFuture(failure))
                    .thenApply(answer -> clusterOf((DescribeClusterResponse) answer))));
  }

  /** Brokers older than Kafka 4.0 (DescribeCluster 2) cannot be asked for fenced brokers. */
  private CompletableFuture<ResponseMessage> askForCluster(boolean withFenced) {
    return cluster.askAny(
        DescribeClusterRequest.builder().includeFencedBrokers(withFenced).build(), requestNanos());
  }

  private static ClusterDescription clusterOf(DescribeClusterResponse answer) {
    Answers.require(answer.errorCode(), answer.errorMessage(), "describeCluster");
    List<BrokerInfo> brokers = new ArrayList<>();
    for (DescribeClusterBroker broker : answer.brokers()) {
      brokers.add(
          new BrokerInfo(
              broker.brokerId(), broker.host(), broker.port(), broker.rack(), broker.isFenced()));
    }
    brokers.sort(Comparator.comparingInt(BrokerInfo::id));
    return new ClusterDescription(answer.clusterId(), answer.controllerId(), brokers);
  }

  @Override
  public Map<Integer, CompletableFuture<List<LogDirectory>>> describeLogDirectories(
      Collection<Integer> brokers) {
    return counted(LogDirectoryLookup.describe(cluster, brokers, timeoutNanos));
  }

  @Override
  public CompletableFuture<QuorumDescription> describeQuorum() {
    DescribeQuorumRequest request =
        DescribeQuorumRequest.builder()
            .topics(
                List.of(
                    DescribeQuorumRequest.TopicData.builder()
                        .topicName("__cluster_metadata")
                        .partitions(
                            List.of(
                                DescribeQuorumRequest.PartitionData.builder()
                                    .partitionIndex(0)
                                    .build()))
                        .build()))
            .build();
    return counted(
        Attempts.run(
            cluster,
            "describeQuorum",
            timeoutNanos,
            () ->
                cluster
                    .askAny(request, requestNanos())
                    .thenApply(answer -> quorumOf((DescribeQuorumResponse) answer))));
  }

  private static QuorumDescription quorumOf(DescribeQuorumResponse answer) {
    Answers.require(answer.errorCode(), answer.errorMessage(), "describeQuorum");
    if (answer.topics().isEmpty() || answer.topics().get(0).partitions().isEmpty()) {
      throw new MillraceException(
          ErrorCode.UNKNOWN_SERVER_ERROR, "describeQuorum: an empty answer");
    }
    DescribeQuorumResponse.PartitionData quorum = answer.topics().get(0).partitions().get(0);
    Answers.require(quorum.errorCode(), quorum.errorMessage(), "describeQuorum");
    return new QuorumDescription(
        quorum.leaderId(),
        quorum.leaderEpoch(),
        quorum.highWatermark(),
        replicas(quorum.currentVoters()),
        replicas(quorum.observers()));
  }

  private static List<QuorumDescription.Replica> replicas(
      List<DescribeQuorumResponse.ReplicaState> states) {
    return states.stream()
        .map(
            state ->
                new QuorumDescription.Replica(
                    state.replicaId(),
                    state.logEndOffset(),
                    state.lastFetchTimestamp(),
                    state.lastCaughtUpTimestamp()))
        .toList();
  }

  @Override
  public Map<TopicPartition, CompletableFuture<OffsetAndTimestamp>> listOffsets(
      Map<TopicPartition, OffsetSpec> partitions) {
    Map<TopicPartition, Long> timestamps = new HashMap<>();
    partitions.forEach((partition, spec) -> timestamps.put(partition, spec.timestamp()));
    return counted(
        OffsetLookup.list(cluster, timestamps, IsolationLevel.READ_UNCOMMITTED, timeoutNanos));
  }

  @Override
  public Map<TopicPartition, CompletableFuture<Long>> recordTimestamps(
      Map<TopicPartition, Long> offsets) {
    return counted(RecordTimes.find(cluster, offsets, timeoutNanos));
  }

  @Override
  public CompletableFuture<GroupListings> listGroups(Set<GroupState> states, Set<GroupType> types) {
    return counted(groupLister.list(describeCluster(), states, types));
  }

  @Override
  public Map<String, CompletableFuture<GroupDescription>> describeGroups(
      Collection<String> groupIds) {
    return counted(groups.describe(groupIds));
  }

  @Override
  public Map<String, CompletableFuture<Map<TopicPartition, OffsetAndMetadata>>> committedOffsets(
      Collection<String> groupIds) {
    return counted(groupOffsets.committed(groupIds));
  }

  @Override
  public Map<TopicPartition, CompletableFuture<Void>> alterGroupOffsets(
      String groupId, Map<TopicPartition, OffsetAndMetadata> offsets) {
    return counted(groupOffsets.alter(groupId, offsets));
  }

  @Override
  public Map<TopicPartition, CompletableFuture<Void>> deleteGroupOffsets(
      String groupId, Collection<TopicPartition> partitions) {
    return counted(groupOffsets.delete(groupId, partitions));
  }

  @Override
  public Map<String, CompletableFuture<Void>> deleteGroups(Collection<String> groupIds) {
    return counted(groups.delete(groupIds));
  }

  @Override
  public Map<MemberToRemove, CompletableFuture<Void>> removeMembers(
      String groupId, Collection<MemberToRemove> members, String reason) {
    return counted(groups.removeMembers(groupId, members, reason));
  }

  private long requestNanos() {
    return cluster.config().requestTimeout().toNanos();
  }

  private <K, T> Map<K, CompletableFuture<T>> counted(Map<K, CompletableFuture<T>> results) {
    results.values().forEach(this::counted);
    return results;
  }

  private <T> CompletableFuture<T> counted(CompletableFuture<T> result) {
    underWay.incrementAndGet();
    result.whenComplete(
        (value, failure) -> {
          if (underWay.decrementAndGet() == 0) {
            CompletableFuture<Void> waiting = idle.get();
            if (waiting != null) {
              waiting.complete(null);
            }
          }
        });
    return result;
  }

  @Override
  public void close() {
    close(Duration.ZERO);
  }

  @Override
  public void close(Duration timeout) {
    CompletableFuture<Void> quiet = new CompletableFuture<>();
    boolean isFirst = idle.compareAndSet(null, quiet);
    if (isFirst && underWay.get() > 0 && !timeout.isZero() && !runtime.loop().inEventLoop()) {
      quiet.completeOnTimeout(null, timeout.toMillis(), TimeUnit.MILLISECONDS).join();
    }
    cluster.runOnLoop(
        () -> {
          cluster.close();
          runtime.end();
        });
    if (!runtime.loop().inEventLoop()) {
      runtime.awaitEnd();
    }
  }
}
