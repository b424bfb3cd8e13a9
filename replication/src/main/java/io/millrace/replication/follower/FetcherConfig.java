package io.millrace.replication.follower;

import java.util.function.LongSupplier;

/**
 * What a fetcher says of itself and how much it asks for.
 *
 * @param brokerEpoch the registration of this broker; any thread
 * @param maxWaitMs how long the leader holds a fetch that finds nothing
 * @param backoffMs how long to wait after an error
 */
public record FetcherConfig(
    int nodeId,
    LongSupplier brokerEpoch,
    int maxWaitMs,
    int minBytes,
    int partitionMaxBytes,
    int responseMaxBytes,
    int backoffMs) {}
