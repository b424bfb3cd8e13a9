package io.millrace.server.coordinator;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.server.coordinator.CoordinatorResult.Delivery;
import java.util.ArrayList;
import java.util.List;

/**
 * One turn of a shard: the world as it is now, and a place for what the shard decides. Lives as
 * long as the call that it is handed to.
 *
 * @param <R> the coordinator's records
 */
public final class CoordinatorTurn<R> {
  private final long nowMillis;
  private final long wallMillis;
  private final MetadataImage image;
  private final CoordinatorTimer timers;
  private final CoordinatorShard<R> shard;
  private final List<R> records = new ArrayList<>();
  private final List<Delivery<?>> deliveries = new ArrayList<>();
  private final List<Delivery<?>> atOnce = new ArrayList<>();

  public CoordinatorTurn(
      long nowMillis,
      long wallMillis,
      MetadataImage image,
      CoordinatorTimer timers,
      CoordinatorShard<R> shard) {
    this.nowMillis = nowMillis;
    this.wallMillis = wallMillis;
    this.image = image;
    this.timers = timers;
    this.shard = shard;
  }

  /** Time that only moves on; for timers. */
  public long nowMillis() {
    return nowMillis;
  }

  /** The time of day; for what is stored. */
  public long wallMillis() {
    return wallMillis;
  }

  /** The cluster as this broker knows it. */
  public MetadataImage image() {
    return image;
  }

  public CoordinatorTimer timers() {
    return timers;
  }

  /** Appends a record, and replays it into the shard at once. */
  public void append(R record) {
    records.add(record);
    shard.replay(record);
  }

  /** Gives an answer when everything appended up to the end of this turn is committed. */
  public <T> void answer(Answer<T> answer, T value) {
    deliveries.add(new Delivery<>(answer, value));
  }

  /**
   * Gives an answer that waits for no commit: it tells its receiver nothing that an earlier answer
   * has not told, so that nothing in it can be lost, or it only shows how things are now.
   */
  public <T> void answerAtOnce(Answer<T> answer, T value) {
    atOnce.add(new Delivery<>(answer, value));
  }

  /** Whether this turn has changed nothing so far. */
  public boolean isReadOnly() {
    return records.isEmpty();
  }

  public CoordinatorResult<R> result() {
    return new CoordinatorResult<>(records, deliveries, atOnce);
  }
}
