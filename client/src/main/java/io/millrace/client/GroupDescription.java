package io.millrace.client;

import java.util.List;

/**
 * A group as its coordinator knows it.
 *
 * @param protocolType {@code consumer} for consumers; empty for a group that only holds offsets
 * @param assignor who says which member reads what; empty when nobody has said yet
 * @param epoch of the group (KIP-848); -1 for a classic group
 * @param assignmentEpoch of the assignment (KIP-848); -1 for a classic group
 */
public record GroupDescription(
    String groupId,
    GroupType type,
    GroupState state,
    String protocolType,
    String assignor,
    BrokerInfo coordinator,
    int epoch,
    int assignmentEpoch,
    List<GroupMember> members) {

  public GroupDescription {
    members = List.copyOf(members);
  }
}
