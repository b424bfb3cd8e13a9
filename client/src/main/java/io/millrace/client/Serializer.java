package io.millrace.client;

import org.jspecify.annotations.Nullable;

/**
 * Turns keys or values into bytes. Runs on the threads that call {@link Producer#send}, so it must
 * be thread-safe. Never asked about null, which stays null.
 */
@FunctionalInterface
public interface Serializer<T> {

  /** The bytes; the producer keeps the array until the record is sent, so hand out a fresh one. */
  byte @Nullable [] serialize(String topic, T data);
}
