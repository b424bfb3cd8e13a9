package io.millrace.tools;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerBuilder;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.IsolationLevel;
import io.millrace.client.OffsetReset;
import io.millrace.client.PartitionDescription;
import io.millrace.client.TopicPartition;
import io.millrace.client.WakeupException;
import io.millrace.tools.node.StopSignal;
import io.millrace.tools.output.Json;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace consume}: records of a topic on standard output. */
@Command(
    name = "consume",
    description = "Prints the records of a topic: new ones, until Ctrl-C, unless told otherwise.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace consume --topic orders --from-beginning",
      "  millrace consume --topic orders --partition 2 --offset 1000 --max-messages 10 --print-key --print-offset",
      "  millrace consume --topic orders --from-time 2026-11-22T08:00:00Z --exit-at-end --json",
      "  millrace consume --topic orders --from-time 15m",
      "  millrace consume --topic orders --group billing --from-beginning",
      "",
      "With --group several of these share the topic's partitions. Each goes on where the group has committed, and commits what it has printed; --from-beginning then says where to begin what the group has never read. Ctrl-C leaves the group in order and ends with 0."
    })
final class ConsumeCommand implements Callable<Integer> {

  private static final Duration POLL = Duration.ofMillis(200);

  /**
   * For Ctrl-C: what is to be printed is printed already, leaving a group takes a request or two.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  @Mixin private ClusterOptions cluster;
  @Mixin private Console console;

  @Option(names = "--topic", required = true, paramLabel = "NAME", description = "Which one.")
  private String topic = "";

  @Option(
      names = "--group",
      paramLabel = "GROUP",
      description =
          "Reads as a member of this group and commits what was printed; with --consumer-property enable.auto.commit=false nothing is committed.")
  private @Nullable String group;

  @Option(
      names = "--partition",
      paramLabel = "N",
      description = "Only this partition; may be repeated. Default: all.")
  private List<Integer> partitions = new ArrayList<>();

  @Option(names = "--from-beginning", description = "Begins with the oldest record.")
  private boolean fromBeginning;

  @Option(
      names = "--offset",
      paramLabel = "N|earliest|latest",
      description = "Begins at this offset of each partition; -N means the last N records.")
  private @Nullable String offset;

  @Option(
      names = "--from-time",
      paramLabel = "TIME",
      description =
          "Begins with the first record of this time or later: 2026-11-22T08:00:00Z, epoch milliseconds, or an age such as 90s, 15m, 2h, 3d.")
  private @Nullable String fromTime;

  @Option(names = "--max-messages", paramLabel = "N", description = "Ends after N records.")
  private @Nullable Long maxMessages;

  @Option(
      names = {"-e", "--exit-at-end"},
      description = "Ends at what is the end now, instead of waiting for more.")
  private boolean exitAtEnd;

  @Option(
      names = "--idle-timeout-ms",
      paramLabel = "MS",
      description =
          "Ends when no record came for so long; of a member of a group, since it had partitions.")
  private @Nullable Long idleTimeoutMs;

  @Option(
      names = "--isolation-level",
      paramLabel = "LEVEL",
      defaultValue = "read_uncommitted",
      description = "read_uncommitted or read_committed. Default: ${DEFAULT-VALUE}.")
  private IsolationLevel isolation = IsolationLevel.READ_UNCOMMITTED;

  @Option(names = "--print-key", description = "Prints the key before the value.")
  private boolean printKey;

  @Option(names = "--print-partition", description = "Prints the partition first.")
  private boolean printPartition;

  @Option(names = "--print-offset", description = "Prints the offset.")
  private boolean printOffset;

  @Option(names = "--print-timestamp", description = "Prints the timestamp.")
  private boolean printTimestamp;

  @Option(names = "--print-headers", description = "Prints the headers.")
  private boolean printHeaders;

  @Option(
      names = "--key-separator",
      paramLabel = "TEXT",
      defaultValue = "\t",
      description = "Stands between the parts of a line. Default: a tab.")
  private String separator = "\t";

  @Option(
      names = "--consumer-property",
      paramLabel = "KEY=VALUE",
      description = "Any consumer config by Kafka's name. May be repeated.")
  private Map<String, String> consumerProperties = new LinkedHashMap<>();

  private volatile boolean stopping;

  @Override
  public Integer call() throws IOException {
    checkFlags();
    var properties = cluster.properties();
    consumerProperties.forEach(properties::setProperty);
    OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16);
    String autoCommit = properties.getProperty("enable.auto.commit", "true").strip();
    boolean commits = !autoCommit.equalsIgnoreCase("false");
    ConsumerBuilder<byte[], byte[]> builder =
        Consumer.builder().properties(properties).isolation(isolation).autoCommit(false);
    if (group != null) {
      builder.groupId(group);
      if (fromBeginning) {
        builder.offsetReset(OffsetReset.EARLIEST);
      }
    }
    cluster.check(builder, consumerProperties);
    Consumer<byte[], byte[]> consumer = builder.build();
    StopSignal signal =
        StopSignal.install(
            () -> {
              stopping = true;
              consumer.wakeup();
            },
            PATIENCE);
    try (consumer) {
      read(consumer, group, commits, out);
    } catch (WakeupException woken) {
      if (!stopping) {
        throw woken;
      }
    } finally {
      out.flush();
      signal.done();
    }
    return ExitCode.OK;
  }

  private void read(
      Consumer<byte[], byte[]> consumer,
      @Nullable String member,
      boolean commits,
      OutputStream out) {
    List<TopicPartition> chosen = choosePartitions(consumer);
    if (member == null) {
      consumer.assign(chosen);
      seek(consumer, chosen);
      Map<TopicPartition, Long> ends =
          exitAtEnd ? cluster.await(consumer.endOffsets(chosen)) : Map.of();
      print(consumer, ends, null, out);
      return;
    }
    PrintedOffsets printed =
        new PrintedOffsets(consumer, member, console, commits, System::nanoTime);
    consumer.subscribe(List.of(topic), printed);
    try {
      print(consumer, Map.of(), printed, out);
    } finally {
      printed.commit();
    }
  }

  private void checkFlags() {
    int begins = (fromBeginning ? 1 : 0) + (offset != null ? 1 : 0) + (fromTime != null ? 1 : 0);
    if (begins > 1) {
      throw new CommandFailure(
          ExitCode.USAGE, "--from-beginning, --offset and --from-time exclude one another", null);
    }
    if (group != null
        && (offset != null || fromTime != null || !partitions.isEmpty() || exitAtEnd)) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "--group shares out the partitions itself and goes on where the group has committed: leave out --partition, --offset, --from-time and --exit-at-end",
          "To begin elsewhere: millrace groups reset-offsets --group "
              + group
              + ". To end by itself: --idle-timeout-ms or --max-messages.");
    }
    if (group != null && group.isEmpty()) {
      throw new CommandFailure(ExitCode.USAGE, "--group is empty", null);
    }
    if (maxMessages != null && maxMessages < 0) {
      throw new CommandFailure(
          ExitCode.USAGE, "--max-messages is " + maxMessages + ", expected 0 or more", null);
    }
    if (idleTimeoutMs != null && idleTimeoutMs < 0) {
      throw new CommandFailure(
          ExitCode.USAGE, "--idle-timeout-ms is " + idleTimeoutMs + ", expected 0 or more", null);
    }
  }

  private List<TopicPartition> choosePartitions(Consumer<byte[], byte[]> consumer) {
    TreeSet<Integer> existing = new TreeSet<>();
    for (PartitionDescription partition :
        cluster.await(consumer.describeTopic(topic)).partitions()) {
      existing.add(partition.partition());
    }
    for (int partition : partitions) {
      if (!existing.contains(partition)) {
        throw new CommandFailure(
            ExitCode.USAGE,
            "topic " + topic + " has no partition " + partition + ", only 0 to " + existing.last(),
            null);
      }
    }
    return (partitions.isEmpty() ? existing : new TreeSet<>(partitions))
        .stream().map(partition -> new TopicPartition(topic, partition)).toList();
  }

  private void seek(Consumer<byte[], byte[]> consumer, List<TopicPartition> assigned) {
    if (fromBeginning || "earliest".equals(offset)) {
      consumer.seekToBeginning(assigned);
    } else if (fromTime != null) {
      consumer.seekToTimestamp(
          assigned, TimeArgument.parse("--from-time", fromTime, System::currentTimeMillis));
    } else if (offset == null || offset.equals("latest")) {
      consumer.seekToEnd(assigned);
    } else {
      seekToOffset(consumer, assigned, parseOffset(offset));
    }
  }

  private void seekToOffset(
      Consumer<byte[], byte[]> consumer, List<TopicPartition> assigned, long wanted) {
    if (wanted >= 0) {
      assigned.forEach(partition -> consumer.seek(partition, wanted));
      return;
    }
    Map<TopicPartition, Long> starts = cluster.await(consumer.beginningOffsets(assigned));
    Map<TopicPartition, Long> ends = cluster.await(consumer.endOffsets(assigned));
    for (TopicPartition partition : assigned) {
      consumer.seek(
          partition,
          Math.max(starts.getOrDefault(partition, 0L), ends.getOrDefault(partition, 0L) + wanted));
    }
  }

  private static long parseOffset(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "--offset is '" + text + "', expected a number, -N for the last N, earliest or latest",
          null);
    }
  }

  private void print(
      Consumer<byte[], byte[]> consumer,
      Map<TopicPartition, Long> ends,
      @Nullable PrintedOffsets offsets,
      OutputStream out) {
    long printed = 0;
    long lastRecordNanos = System.nanoTime();
    long joinedByNanos = lastRecordNanos + cluster.timeoutMs() * 1_000_000L;
    Map<TopicPartition, Long> unread = new HashMap<>(ends);
    while (!stopping && (maxMessages == null || printed < maxMessages)) {
      if (exitAtEnd) {
        unread.entrySet().removeIf(entry -> consumer.position(entry.getKey()) >= entry.getValue());
        if (unread.isEmpty()) {
          return;
        }
      }
      ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
      boolean all = true;
      if (offsets != null && !records.isEmpty()) {
        offsets.received();
      }
      try {
        for (ConsumerRecord<byte[], byte[]> record : records) {
          if (maxMessages != null && printed >= maxMessages) {
            all = false;
            break;
          }
          Long end = ends.get(record.topicPartition());
          if (end == null || record.offset() < end) {
            printRecord(record, out);
            printed++;
            if (offsets != null) {
              offsets.written(record);
            }
          }
        }
        if (!records.isEmpty()) {
          // A reader at the other end of a pipe sees each poll's records at once.
          out.flush();
          lastRecordNanos = System.nanoTime();
        }
        if (offsets != null && records.isEmpty()) {
          offsets.idle();
        } else if (offsets != null) {
          offsets.flushed(all);
        }
      } catch (IOException e) {
        if (printed > 0 && isBrokenPipe(e)) {
          return;
        }
        throw new UncheckedIOException("cannot write to standard output", e);
      }
      if (offsets != null && !offsets.hasJoined() && System.nanoTime() < joinedByNanos) {
        lastRecordNanos = System.nanoTime(); // it cannot have read anything yet
      }
      if (idleTimeoutMs != null
          && System.nanoTime() - lastRecordNanos > idleTimeoutMs * 1_000_000) {
        return;
      }
    }
  }

  /** {@code consume | head} has all it wants: not a failure. */
  private static boolean isBrokenPipe(IOException e) {
    return e.getMessage() != null && e.getMessage().contains("Broken pipe");
  }

  private void printRecord(ConsumerRecord<byte[], byte[]> record, OutputStream out)
      throws IOException {
    if (console.json()) {
      out.write(Json.line(RecordText.toJson(record)).getBytes(StandardCharsets.UTF_8));
      out.write('\n');
      return;
    }
    if (printPartition) {
      part(out, Integer.toString(record.partition()));
    }
    if (printOffset) {
      part(out, Long.toString(record.offset()));
    }
    if (printTimestamp) {
      part(out, RecordText.time(record.timestamp()));
    }
    if (printHeaders) {
      part(out, RecordText.text(record.headers()));
    }
    if (printKey) {
      bytes(out, record.key());
      out.write(separator.getBytes(StandardCharsets.UTF_8));
    }
    bytes(out, record.value());
    out.write('\n');
  }

  private void part(OutputStream out, String text) throws IOException {
    out.write((text + separator).getBytes(StandardCharsets.UTF_8));
  }

  /** The bytes as they are, so that a pipe gets what was sent. */
  private static void bytes(OutputStream out, byte @Nullable [] bytes) throws IOException {
    out.write(bytes == null ? "null".getBytes(StandardCharsets.UTF_8) : bytes);
  }
}
