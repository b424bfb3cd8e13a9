package io.millrace.log;

/**
 * Where a leader epoch ended.
 *
 * @param epoch the largest epoch of this log that is not above the asked one, or -1 when the log
 *     cannot tell
 * @param endOffset one past that epoch's last record, or -1
 */
public record EpochEnd(int epoch, long endOffset) {

  /** The asked epoch is newer than anything in this log, or the log knows no epochs. */
  public static final EpochEnd UNKNOWN = new EpochEnd(-1, -1);
}
