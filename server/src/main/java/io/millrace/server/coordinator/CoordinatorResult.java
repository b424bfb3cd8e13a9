package io.millrace.server.coordinator;

import java.util.List;

/**
 * What a turn of a shard decided: what to append, and which answers to give.
 *
 * @param <R> the coordinator's records
 * @param deliveries answers that leave when everything appended so far is committed
 * @param atOnce answers that need not wait
 */
public record CoordinatorResult<R>(
    List<R> records, List<Delivery<?>> deliveries, List<Delivery<?>> atOnce) {

  public CoordinatorResult {
    records = List.copyOf(records);
    deliveries = List.copyOf(deliveries);
    atOnce = List.copyOf(atOnce);
  }

  /** An answer and the value it gets. */
  public record Delivery<T>(Answer<T> answer, T value) {
    void deliver() {
      answer.future().complete(value);
    }
  }
}
