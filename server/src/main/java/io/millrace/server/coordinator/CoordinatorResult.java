package io.millrace.server.coordinator;

import java.util.List;

/**
 * What a turn of a shard decided: what to append, and which answers to give once that is committed.
 *
 * @param <R> the coordinator's records
 */
public record CoordinatorResult<R>(List<R> records, List<Delivery<?>> deliveries) {

  public CoordinatorResult {
    records = List.copyOf(records);
    deliveries = List.copyOf(deliveries);
  }

  /** An answer and the value it gets. */
  public record Delivery<T>(Answer<T> answer, T value) {
    void deliver() {
      answer.future().complete(value);
    }
  }
}
