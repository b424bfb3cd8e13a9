package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicPartition;
import io.millrace.tools.groups.OffsetsCsv;
import io.millrace.tools.groups.ResetRule;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where offsets are to be reset to; exactly one of these flags. */
final class ResetTargetOptions {

  @Option(
      names = "--to-earliest",
      description = "To the first record that each partition still has.")
  private boolean toEarliest;

  @Option(names = "--to-latest", description = "To the end: only records to come.")
  private boolean toLatest;

  @Option(
      names = "--to-current",
      description = "To what is committed, or to the end where nothing is: with --export a copy.")
  private boolean toCurrent;

  @Option(names = "--to-offset", paramLabel = "N", description = "To this offset.")
  private @Nullable Long toOffset;

  @Option(
      names = "--shift-by",
      paramLabel = "N",
      description = "N records on from what is committed, or back if negative.")
  private @Nullable Long shiftBy;

  @Option(
      names = "--to-datetime",
      paramLabel = "TIME",
      description =
          "To the first record of this time or later: 2026-11-22T08:00:00.000, in UTC unless a zone follows (Z, +02:00).")
  private @Nullable String toDatetime;

  @Option(
      names = "--by-duration",
      paramLabel = "PnDTnHnMnS",
      description = "To the first record not older than this: PT2H, P7D; or 90s, 15m, 2h, 7d.")
  private @Nullable String byDuration;

  @Option(
      names = "--from-file",
      paramLabel = "FILE",
      description =
          "To what a file says, in lines of topic,partition,offset or group,topic,partition,offset; - reads standard input.")
  private @Nullable Path fromFile;

  /**
   * @throws CommandFailure unless exactly one is given, or when its value is none
   */
  void check() {
    List<String> given = new ArrayList<>();
    add(given, toEarliest, "--to-earliest");
    add(given, toLatest, "--to-latest");
    add(given, toCurrent, "--to-current");
    add(given, toOffset != null, "--to-offset");
    add(given, shiftBy != null, "--shift-by");
    add(given, toDatetime != null, "--to-datetime");
    add(given, byDuration != null, "--by-duration");
    add(given, fromFile != null, "--from-file");
    if (given.size() != 1) {
      throw new CommandFailure(
          ExitCode.USAGE,
          given.isEmpty()
              ? "where to? Give one of --to-earliest, --to-latest, --to-offset, --shift-by, --to-datetime, --by-duration, --from-file, --to-current"
              : String.join(" and ", given) + " exclude one another",
          null);
    }
    if (toOffset != null) {
      ResetRule.toOffset(toOffset);
    }
    pointInTime(() -> 0L);
  }

  private static void add(List<String> given, boolean isGiven, String name) {
    if (isGiven) {
      given.add(name);
    }
  }

  boolean isFromFile() {
    return fromFile != null;
  }

  /** The file's offsets, by group. */
  Map<String, Map<TopicPartition, Long>> readFile(List<String> groups) throws IOException {
    Path file = fromFile;
    if (file == null) {
      throw new IllegalStateException("no --from-file");
    }
    boolean isInput = file.toString().equals("-");
    try (Reader reader =
        isInput
            ? new InputStreamReader(System.in, StandardCharsets.UTF_8)
            : Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      return OffsetsCsv.read(reader, isInput ? "standard input" : file.toString(), groups);
    }
  }

  /** The time that is asked for; null when none is. */
  @Nullable Long pointInTime(LongSupplier nowMillis) {
    if (toDatetime != null) {
      return TimeArgument.parseIn(ZoneOffset.UTC, "--to-datetime", toDatetime);
    }
    return byDuration == null ? null : nowMillis.getAsLong() - durationMillis(byDuration);
  }

  private static long durationMillis(String text) {
    try {
      Duration duration =
          text.startsWith("P") || text.startsWith("p")
              ? Duration.parse(text)
              : Duration.ofMillis(TimeArgument.ageMillis("--by-duration", text));
      if (!duration.isNegative()) {
        return duration.toMillis();
      }
    } catch (DateTimeException | ArithmeticException notADuration) {
      // said below
    }
    throw new CommandFailure(
        ExitCode.USAGE,
        "--by-duration is '" + text + "', expected a span such as PT2H, P7D, 15m or 2h",
        null);
  }

  /** The rule for these partitions; asks the cluster when it is about a point in time. */
  ResetRule rule(
      Admin admin,
      ClusterOptions cluster,
      Collection<TopicPartition> partitions,
      LongSupplier nowMillis) {
    Long time = pointInTime(nowMillis);
    if (time != null) {
      Map<TopicPartition, OffsetSpec> specs = new HashMap<>();
      partitions.forEach(
          partition -> specs.put(partition, OffsetSpec.forTimestamp(Math.max(0, time))));
      Map<TopicPartition, Long> found = new HashMap<>();
      admin
          .listOffsets(specs)
          .forEach(
              (partition, answer) -> {
                OffsetAndTimestamp offset = cluster.await(answer);
                found.put(partition, offset.offset());
              });
      return ResetRule.toTime(found);
    } else if (toOffset != null) {
      return ResetRule.toOffset(toOffset);
    } else if (shiftBy != null) {
      return ResetRule.shiftBy(shiftBy);
    } else if (toCurrent) {
      return ResetRule.toCurrent();
    }
    return toEarliest ? ResetRule.toEarliest() : ResetRule.toLatest();
  }
}
