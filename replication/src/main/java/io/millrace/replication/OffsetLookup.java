package io.millrace.replication;

import io.millrace.protocol.ErrorCode;

/**
 * The answer to one partition of ListOffsets.
 *
 * @param timestamp of the record found, -1 when an end was asked for or nothing was found
 * @param offset -1 when nothing was found
 * @param leaderEpoch of the record found, -1 when not known
 */
public record OffsetLookup(ErrorCode error, long timestamp, long offset, int leaderEpoch) {

  static OffsetLookup failed(ErrorCode error) {
    return new OffsetLookup(error, -1, -1, -1);
  }
}
