package io.millrace.client;

/**
 * A group as its coordinator lists it.
 *
 * @param protocolType {@code consumer} for consumers; empty for a group that only holds offsets
 * @param coordinator the broker's id
 */
public record GroupListing(
    String groupId, GroupType type, GroupState state, String protocolType, int coordinator) {}
