package io.millrace.server.coordinator;

import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/** What a coordinator's shards count, all together. Any thread. */
public final class CoordinatorStats {
  private final LongAdder batches = new LongAdder();
  private final LongAdder records = new LongAdder();
  private final LongAdder loads = new LongAdder();
  private final LongAdder loadMillis = new LongAdder();
  private final LongAccumulator longestLoadMillis = new LongAccumulator(Math::max, 0);
  private final LongAdder stuck = new LongAdder();

  void appended(int count) {
    batches.increment();
    records.add(count);
  }

  void loaded(long millis) {
    loads.increment();
    loadMillis.add(millis);
    longestLoadMillis.accumulate(millis);
  }

  void stuck() {
    stuck.increment();
  }

  /** Batches that were committed. */
  public long batches() {
    return batches.sum();
  }

  /** Records in them. */
  public long records() {
    return records.sum();
  }

  /** Shards that were loaded. */
  public long loads() {
    return loads.sum();
  }

  /** How long that took, all together. */
  public long loadMillis() {
    return loadMillis.sum();
  }

  /** How long the longest took. */
  public long longestLoadMillis() {
    return longestLoadMillis.get();
  }

  /** How often requests were turned away because a commit took long. */
  public long stuckCommits() {
    return stuck.sum();
  }
}
