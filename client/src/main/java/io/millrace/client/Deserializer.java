package io.millrace.client;

import org.jspecify.annotations.Nullable;

/**
 * Turns bytes into keys or values. Runs on the thread that reads from the {@link Consumer}. Never
 * asked about null, which stays null.
 */
@FunctionalInterface
public interface Deserializer<T> {

  /** The value; an exception is reported as {@link RecordReadException} with the record's place. */
  @Nullable T deserialize(String topic, byte[] data);
}
