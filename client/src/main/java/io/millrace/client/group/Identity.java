package io.millrace.client.group;

import org.jspecify.annotations.Nullable;

/**
 * In whose name offsets are committed.
 *
 * @param memberId empty outside of a subscription
 * @param epoch -1 outside of a subscription: the coordinator then takes commits only while the
 *     group has no members
 */
record Identity(String groupId, String memberId, int epoch, @Nullable String instanceId) {}
