package io.millrace.client;

/** Which records of transactions a consumer sees. */
public enum IsolationLevel {
  /** All, also of transactions that are open or were aborted. */
  READ_UNCOMMITTED,
  /** Only those of committed transactions, and none behind the first open one. */
  READ_COMMITTED
}
