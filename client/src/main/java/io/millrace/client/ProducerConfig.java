package io.millrace.client;

import java.time.Duration;

/**
 * What a producer needs to know; the names in properties are Kafka's. Immutable.
 *
 * @param acks {@code acks}
 * @param idempotence {@code enable.idempotence}: write each record once however often it is sent;
 *     needs {@link Acks#ALL} and at most 5 requests in flight
 * @param linger {@code linger.ms}: how long a batch waits for company
 * @param batchSize {@code batch.size}: bytes after which a batch is sent at once
 * @param compression {@code compression.type}
 * @param bufferMemory {@code buffer.memory}: bytes of records that wait or are in flight, counted
 *     before compression
 * @param maxBlock {@code max.block.ms}: how long {@link Producer#send} waits for memory
 * @param deliveryTimeout {@code delivery.timeout.ms}: from the hand-over to the end of all retries;
 *     at least linger + request timeout
 * @param maxRequestSize {@code max.request.size}: the largest record, and the largest request
 * @param maxInFlight {@code max.in.flight.requests.per.connection}
 * @param partitioner for records that name no partition
 */
public record ProducerConfig(
    ClientConfig client,
    Acks acks,
    boolean idempotence,
    Duration linger,
    int batchSize,
    CompressionType compression,
    long bufferMemory,
    Duration maxBlock,
    Duration deliveryTimeout,
    int maxRequestSize,
    int maxInFlight,
    Partitioner partitioner) {

  public ProducerConfig {
    Checks.notNegative("linger.ms", linger);
    Checks.notNegative("max.block.ms", maxBlock);
    Checks.range("batch.size", batchSize, 0, 64 << 20);
    Checks.range("max.request.size", maxRequestSize, 1024, 1 << 30);
    Checks.range("buffer.memory", bufferMemory, maxRequestSize, Long.MAX_VALUE / 2);
    Checks.range("max.in.flight.requests.per.connection", maxInFlight, 1, 1024);
    Checks.ordered(
        "linger.ms + request.timeout.ms",
        linger.plus(client.requestTimeout()),
        "delivery.timeout.ms",
        deliveryTimeout);
    if (idempotence && acks != Acks.ALL) {
      throw new IllegalArgumentException(
          "enable.idempotence needs acks=all, not " + acks.code() + "; turn one of them off");
    }
    if (idempotence && maxInFlight > 5) {
      throw new IllegalArgumentException(
          "enable.idempotence needs max.in.flight.requests.per.connection of at most 5, not "
              + maxInFlight);
    }
  }
}
