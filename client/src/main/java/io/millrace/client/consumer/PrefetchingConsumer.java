package io.millrace.client.consumer;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerConfig;
import io.millrace.client.Deserializer;

/** The consumer behind {@link Consumer}. */
public final class PrefetchingConsumer {

  private PrefetchingConsumer() {}

  public static <K, V> Consumer<K, V> start(
      ConsumerConfig config, Deserializer<K> keys, Deserializer<V> values) {
    throw new UnsupportedOperationException("lands next");
  }
}
