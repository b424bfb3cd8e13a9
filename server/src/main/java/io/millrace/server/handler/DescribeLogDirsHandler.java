package io.millrace.server.handler;

import io.millrace.log.DirectoryStatus;
import io.millrace.log.LogManager;
import io.millrace.log.PartitionLog;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.DescribeLogDirsRequest;
import io.millrace.protocol.message.DescribeLogDirsRequest.DescribableLogDirTopic;
import io.millrace.protocol.message.DescribeLogDirsResponse;
import io.millrace.protocol.message.DescribeLogDirsResponse.DescribeLogDirsPartition;
import io.millrace.protocol.message.DescribeLogDirsResponse.DescribeLogDirsResult;
import io.millrace.protocol.message.DescribeLogDirsResponse.DescribeLogDirsTopic;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Tells what lies in this node's log directories and how much room there is. A failed directory
 * answers {@code KAFKA_STORAGE_ERROR} and, as in Kafka, names no replicas: the metadata do.
 */
final class DescribeLogDirsHandler implements RequestHandler<DescribeLogDirsRequest> {

  private final LogManager logs;

  DescribeLogDirsHandler(LogManager logs) {
    this.logs = logs;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, DescribeLogDirsRequest request) {
    Map<String, Set<Integer>> wanted = wanted(request.topics());
    List<DescribeLogDirsResult> results = new ArrayList<>();
    for (DirectoryStatus directory : logs.directories()) {
      results.add(
          DescribeLogDirsResult.builder()
              .errorCode(
                  (directory.isOnline() ? ErrorCode.NONE : ErrorCode.KAFKA_STORAGE_ERROR).code())
              .logDir(directory.path())
              .topics(directory.isOnline() ? topics(directory.logs(), wanted) : List.of())
              .totalBytes(directory.totalBytes())
              .usableBytes(directory.usableBytes())
              .build());
    }
    return CompletableFuture.completedFuture(
        Reply.of(DescribeLogDirsResponse.builder().results(results).build()));
  }

  /** Null asks for everything. */
  private static @Nullable Map<String, Set<Integer>> wanted(
      @Nullable List<DescribableLogDirTopic> topics) {
    if (topics == null) {
      return null;
    }
    Map<String, Set<Integer>> wanted = new HashMap<>();
    for (DescribableLogDirTopic topic : topics) {
      wanted.computeIfAbsent(topic.topic(), name -> new HashSet<>()).addAll(topic.partitions());
    }
    return wanted;
  }

  private static List<DescribeLogDirsTopic> topics(
      List<PartitionLog> logs, @Nullable Map<String, Set<Integer>> wanted) {
    Map<String, List<DescribeLogDirsPartition>> byTopic = new TreeMap<>();
    for (PartitionLog log : logs) {
      String topic = log.id().topic();
      if (wanted == null || wanted.getOrDefault(topic, Set.of()).contains(log.id().partition())) {
        byTopic
            .computeIfAbsent(topic, name -> new ArrayList<>())
            .add(
                DescribeLogDirsPartition.builder()
                    .partitionIndex(log.id().partition())
                    .partitionSize(log.sizeInBytes())
                    .offsetLag(Math.max(0, log.logEndOffset() - log.highWatermark()))
                    .build());
      }
    }
    List<DescribeLogDirsTopic> topics = new ArrayList<>();
    byTopic.forEach((name, partitions) -> topics.add(new DescribeLogDirsTopic(name, partitions)));
    return topics;
  }
}
