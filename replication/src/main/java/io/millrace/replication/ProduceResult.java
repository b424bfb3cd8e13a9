package io.millrace.replication;

import io.millrace.protocol.ErrorCode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a produce to one partition.
 *
 * @param baseOffset the offset of the first record, -1 on an error
 * @param logAppendTimeMs the stamp given by the broker, -1 when the topic keeps its clients'
 *     timestamps
 * @param logStartOffset where the log starts, -1 when not known
 * @param reason for people, on an error
 * @param badRecords those that alone are to blame for it, by their index in the batch
 */
public record ProduceResult(
    ErrorCode error,
    long baseOffset,
    long logAppendTimeMs,
    long logStartOffset,
    @Nullable String reason,
    List<Integer> badRecords) {

  public ProduceResult {
    badRecords = List.copyOf(badRecords);
  }

  public ProduceResult(
      ErrorCode error,
      long baseOffset,
      long logAppendTimeMs,
      long logStartOffset,
      @Nullable String reason) {
    this(error, baseOffset, logAppendTimeMs, logStartOffset, reason, List.of());
  }

  public static ProduceResult failed(ErrorCode error, String reason) {
    return new ProduceResult(error, -1, -1, -1, reason);
  }

  /** A refusal for the sake of some records. */
  public static ProduceResult failed(ErrorCode error, String reason, List<Integer> badRecords) {
    return new ProduceResult(error, -1, -1, -1, reason, badRecords);
  }
}
