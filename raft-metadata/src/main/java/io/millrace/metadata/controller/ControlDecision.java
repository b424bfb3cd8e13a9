package io.millrace.metadata.controller;

import io.millrace.metadata.record.MetadataChange;
import io.millrace.metadata.record.MetadataRecord;
import java.util.List;

/**
 * What to write, and what to answer once that is on a majority.
 *
 * @param changes empty when nothing changes
 * @param response the answer
 */
public record ControlDecision<T>(List<MetadataChange> changes, T response) {

  public ControlDecision {
    changes = List.copyOf(changes);
  }

  static <T> ControlDecision<T> answer(T response) {
    return new ControlDecision<>(List.of(), response);
  }

  static <T> ControlDecision<T> write(MetadataRecord record, T response) {
    return new ControlDecision<>(List.of(MetadataChange.put(record)), response);
  }
}
