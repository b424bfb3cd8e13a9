package io.millrace.server.coordinator.group;

import io.millrace.protocol.Uuid;

/**
 * What a group has committed for a partition.
 *
 * @param offset the next offset to read
 * @param leaderEpoch of the record before it, -1 when not known
 * @param commitTimestamp when, by the coordinator's time of day
 * @param expireTimestamp when the committing client said it may go, -1 for the coordinator's rule
 * @param topicId the topic that it belongs to, zero when it was not known
 */
public record CommittedOffset(
    long offset,
    int leaderEpoch,
    String metadata,
    long commitTimestamp,
    long expireTimestamp,
    Uuid topicId) {}
