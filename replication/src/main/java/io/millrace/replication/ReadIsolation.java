package io.millrace.replication;

/** How far a reader sees. */
public enum ReadIsolation {
  /** Up to the high watermark. */
  UNCOMMITTED,
  /** Up to the last stable offset: no record of an open transaction. */
  COMMITTED,
  /** Up to the log end: followers, which copy what is not committed yet. */
  LOG_END
}
