package io.millrace.client;

import org.jspecify.annotations.Nullable;

/**
 * Who the consumer is in its group.
 *
 * @param memberId chosen by the consumer once, for its whole life
 * @param memberEpoch 0 while it is not a member; a commit with an older one is refused
 */
public record MemberIdentity(
    String groupId, String memberId, int memberEpoch, @Nullable String instanceId) {}
