package io.millrace.log.producer;

/**
 * What the table needs to know of a batch that carries a producer id.
 *
 * @param baseSequence -1 for control batches
 * @param recordCount as the producer sent it; compaction may have left fewer
 * @param baseOffset where the log put it; any number when only checked
 */
public record ProducerBatch(
    long producerId,
    short producerEpoch,
    int baseSequence,
    int recordCount,
    long baseOffset,
    long lastOffset,
    boolean transactional,
    boolean control) {

  /** Sequences wrap from {@link Integer#MAX_VALUE} to 0. */
  int lastSequence() {
    return (int) ((baseSequence + (long) recordCount - 1) & Integer.MAX_VALUE);
  }
}
