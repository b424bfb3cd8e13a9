package io.millrace.server.coordinator;

import org.jspecify.annotations.Nullable;

/**
 * Turns a coordinator's records into stored ones and back. Stateless; any thread.
 *
 * @param <R> the coordinator's records
 */
public interface RecordCodec<R> {

  StoredRecord encode(R record);

  /** Null when the record is of a kind that this version does not know; it is passed over. */
  @Nullable R decode(StoredRecord stored);
}
