package io.millrace.client.producer;

import io.millrace.client.Producer;
import io.millrace.client.ProducerConfig;
import io.millrace.client.Serializer;

/** The producer behind {@link Producer}. */
public final class BatchingProducer {

  private BatchingProducer() {}

  public static <K, V> Producer<K, V> start(
      ProducerConfig config, Serializer<K> keys, Serializer<V> values) {
    throw new UnsupportedOperationException("lands next");
  }
}
