package io.millrace.replication;

import io.millrace.protocol.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * What became of a produce to one partition.
 *
 * @param baseOffset the offset of the first record, -1 on an error
 * @param logAppendTimeMs the stamp given by the broker, -1 when the topic keeps its clients'
 *     timestamps
 * @param logStartOffset where the log starts, -1 when not known
 * @param reason for people, on an error
 */
public record ProduceResult(
    ErrorCode error,
    long baseOffset,
    long logAppendTimeMs,
    long logStartOffset,
    @Nullable String reason) {

  public static ProduceResult failed(ErrorCode error, String reason) {
    return new ProduceResult(error, -1, -1, -1, reason);
  }
}
