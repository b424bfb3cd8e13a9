package io.millrace.log;

import java.util.Map;
import java.util.function.Consumer;

/**
 * A topic's settings as far as its logs care, named as in Kafka.
 *
 * @param segmentBytes {@code segment.bytes}: a segment is rolled before it grows beyond
 * @param segmentMs {@code segment.ms}: a segment is rolled when its first batch is this old
 * @param retentionMs {@code retention.ms}: -1 keeps forever
 * @param retentionBytes {@code retention.bytes}: -1 keeps everything
 * @param delete whether {@code cleanup.policy} names {@code delete}; without it retention keeps
 *     everything
 * @param maxMessageBytes {@code max.message.bytes}: the largest batch that is accepted from clients
 * @param logAppendTime whether {@code message.timestamp.type} is {@code LogAppendTime}
 * @param flushBeforeAck {@code flush.before.ack}: false lets records count as durable before they
 *     were flushed
 * @param indexIntervalBytes {@code index.interval.bytes}: about so many bytes lie between two index
 *     entries
 * @param fileDeleteDelayMs {@code file.delete.delay.ms}: how long removed segments stay for readers
 *     in flight
 * @param compaction whether and how old values of a key are removed
 */
public record LogConfig(
    int segmentBytes,
    long segmentMs,
    long retentionMs,
    long retentionBytes,
    boolean delete,
    int maxMessageBytes,
    boolean logAppendTime,
    boolean flushBeforeAck,
    int indexIntervalBytes,
    long fileDeleteDelayMs,
    CompactionConfig compaction) {

  /** Kafka's defaults, but flushing before the acknowledgement. */
  public static final LogConfig DEFAULT =
      new LogConfig(
          1 << 30,
          604_800_000L,
          604_800_000L,
          -1,
          true,
          1_048_588,
          false,
          true,
          4096,
          60_000L,
          CompactionConfig.DISABLED);

  public LogConfig {
    require(segmentBytes >= 14, "segment.bytes", segmentBytes, "at least 14");
    require(segmentMs >= 1, "segment.ms", segmentMs, "at least 1");
    require(retentionMs >= -1, "retention.ms", retentionMs, "at least -1");
    require(retentionBytes >= -1, "retention.bytes", retentionBytes, "at least -1");
    require(maxMessageBytes >= 0, "max.message.bytes", maxMessageBytes, "at least 0");
    require(indexIntervalBytes >= 0, "index.interval.bytes", indexIntervalBytes, "at least 0");
    require(fileDeleteDelayMs >= 0, "file.delete.delay.ms", fileDeleteDelayMs, "at least 0");
  }

  static void require(boolean holds, String key, Number value, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(key + "=" + value + ", expected " + expected);
    }
  }

  /** The age at which the active segment ends, so that what is in it can be cleaned in time. */
  long effectiveSegmentMs() {
    return compaction.enabled() ? Math.min(segmentMs, compaction.maxLagMs()) : segmentMs;
  }

  /**
   * These settings with a topic's own ones over them. Keys that do not concern a log are passed
   * over: they belong to others.
   *
   * @throws IllegalArgumentException naming the key, when a value cannot be understood
   */
  public LogConfig with(Map<String, String> overrides) {
    Builder builder = toBuilder();
    overrides.forEach(builder::set);
    return builder.build();
  }

  public Builder toBuilder() {
    return new Builder(this);
  }

  /** Collects settings by name. */
  public static final class Builder {
    private int segmentBytes;
    private long segmentMs;
    private long retentionMs;
    private long retentionBytes;
    private boolean delete;
    private int maxMessageBytes;
    private boolean logAppendTime;
    private boolean flushBeforeAck;
    private int indexIntervalBytes;
    private long fileDeleteDelayMs;
    private boolean compact;
    private double minDirtyRatio;
    private long deleteRetentionMs;
    private long minLagMs;
    private long maxLagMs;
    private final Map<String, Consumer<String>> setters;

    private Builder(LogConfig from) {
      segmentBytes = from.segmentBytes;
      segmentMs = from.segmentMs;
      retentionMs = from.retentionMs;
      retentionBytes = from.retentionBytes;
      delete = from.delete;
      maxMessageBytes = from.maxMessageBytes;
      logAppendTime = from.logAppendTime;
      flushBeforeAck = from.flushBeforeAck;
      indexIntervalBytes = from.indexIntervalBytes;
      fileDeleteDelayMs = from.fileDeleteDelayMs;
      compact = from.compaction.enabled();
      minDirtyRatio = from.compaction.minDirtyRatio();
      deleteRetentionMs = from.compaction.deleteRetentionMs();
      minLagMs = from.compaction.minLagMs();
      maxLagMs = from.compaction.maxLagMs();
      setters =
          Map.ofEntries(
              Map.entry("segment.bytes", v -> segmentBytes = Integer.parseInt(v)),
              Map.entry("segment.ms", v -> segmentMs = Long.parseLong(v)),
              Map.entry("retention.ms", v -> retentionMs = Long.parseLong(v)),
              Map.entry("retention.bytes", v -> retentionBytes = Long.parseLong(v)),
              Map.entry("cleanup.policy", this::setPolicies),
              Map.entry("min.cleanable.dirty.ratio", v -> minDirtyRatio = Double.parseDouble(v)),
              Map.entry("delete.retention.ms", v -> deleteRetentionMs = Long.parseLong(v)),
              Map.entry("min.compaction.lag.ms", v -> minLagMs = Long.parseLong(v)),
              Map.entry("max.compaction.lag.ms", v -> maxLagMs = Long.parseLong(v)),
              Map.entry("max.message.bytes", v -> maxMessageBytes = Integer.parseInt(v)),
              Map.entry("message.timestamp.type", v -> logAppendTime = isLogAppendTime(v)),
              Map.entry("flush.before.ack", v -> flushBeforeAck = parseBoolean(v)),
              Map.entry("index.interval.bytes", v -> indexIntervalBytes = Integer.parseInt(v)),
              Map.entry("file.delete.delay.ms", v -> fileDeleteDelayMs = Long.parseLong(v)));
    }

    /** Sets one key of Kafka's topic settings; a key of no concern to the log changes nothing. */
    public Builder set(String key, String value) {
      Consumer<String> setter = setters.get(key);
      if (setter != null) {
        try {
          setter.accept(value.trim());
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(
              key + "=" + value + " cannot be understood: " + e.getMessage(), e);
        }
      }
      return this;
    }

    public LogConfig build() {
      return new LogConfig(
          segmentBytes,
          segmentMs,
          retentionMs,
          retentionBytes,
          delete,
          maxMessageBytes,
          logAppendTime,
          flushBeforeAck,
          indexIntervalBytes,
          fileDeleteDelayMs,
          new CompactionConfig(compact, minDirtyRatio, deleteRetentionMs, minLagMs, maxLagMs));
    }

    private void setPolicies(String policies) {
      delete = false;
      compact = false;
      for (String policy : policies.split(",")) {
        switch (policy.trim()) {
          case "delete" -> delete = true;
          case "compact" -> compact = true;
          case "" -> {}
          default -> throw new IllegalArgumentException("expected delete or compact");
        }
      }
    }

    private static boolean isLogAppendTime(String type) {
      return switch (type) {
        case "LogAppendTime" -> true;
        case "CreateTime" -> false;
        default -> throw new IllegalArgumentException("expected CreateTime or LogAppendTime");
      };
    }

    private static boolean parseBoolean(String value) {
      return switch (value) {
        case "true" -> true;
        case "false" -> false;
        default -> throw new IllegalArgumentException("expected true or false");
      };
    }
  }
}
