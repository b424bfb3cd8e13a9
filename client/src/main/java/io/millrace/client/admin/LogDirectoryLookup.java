package io.millrace.client.admin;

import io.millrace.client.LogDirectory;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.Attempts;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.network.LinkUse;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.DescribeLogDirsRequest;
import io.millrace.protocol.message.DescribeLogDirsResponse;
import io.millrace.protocol.message.DescribeLogDirsResponse.DescribeLogDirsPartition;
import io.millrace.protocol.message.DescribeLogDirsResponse.DescribeLogDirsResult;
import io.millrace.protocol.message.DescribeLogDirsResponse.DescribeLogDirsTopic;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Asks brokers for their log directories. Any thread; continues on the loop. */
final class LogDirectoryLookup {

  private LogDirectoryLookup() {}

  static Map<Integer, CompletableFuture<List<LogDirectory>>> describe(
      ClusterClient cluster, Collection<Integer> brokers, long timeoutNanos) {
    DescribeLogDirsRequest everything = DescribeLogDirsRequest.builder().topics(null).build();
    long requestNanos = cluster.config().requestTimeout().toNanos();
    Map<Integer, CompletableFuture<List<LogDirectory>>> results = new HashMap<>();
    for (int broker : brokers) {
      results.put(
          broker,
          Attempts.run(
              cluster,
              "describeLogDirectories",
              timeoutNanos,
              () ->
                  cluster
                      .send(broker, LinkUse.REQUESTS, everything, requestNanos)
                      .thenApply(answer -> read((DescribeLogDirsResponse) answer))));
    }
    return results;
  }

  private static List<LogDirectory> read(DescribeLogDirsResponse answer) {
    Answers.require(answer.errorCode(), null, "describeLogDirectories");
    List<LogDirectory> directories = new ArrayList<>();
    for (DescribeLogDirsResult one : answer.results()) {
      Map<TopicPartition, Long> sizes = new HashMap<>();
      for (DescribeLogDirsTopic topic : one.topics()) {
        for (DescribeLogDirsPartition partition : topic.partitions()) {
          sizes.put(
              new TopicPartition(topic.name(), partition.partitionIndex()),
              partition.partitionSize());
        }
      }
      directories.add(
          new LogDirectory(
              one.logDir(),
              ErrorCode.forCode(one.errorCode()) != ErrorCode.NONE,
              one.totalBytes(),
              one.usableBytes(),
              sizes));
    }
    directories.sort(Comparator.comparing(LogDirectory::path));
    return List.copyOf(directories);
  }
}
