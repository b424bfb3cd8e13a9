package io.millrace.client;

/**
 * Processes one record. Called with the records of a partition one after another in their order,
 * and with those of several partitions at the same time.
 */
@FunctionalInterface
public interface RecordHandler<K, V> {

  /**
   * Processes the record. When this returns, the record is done, and its offset may be committed.
   *
   * @throws Exception ends the {@link Processing}; neither this record nor a later one of its
   *     partition is committed
   */
  void handle(ConsumerRecord<K, V> record) throws Exception;
}
