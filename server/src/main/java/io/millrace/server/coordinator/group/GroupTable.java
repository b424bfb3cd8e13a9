package io.millrace.server.coordinator.group;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupRecord;
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupValue;
import io.millrace.server.coordinator.group.GroupRecord.CurrentRecord;
import io.millrace.server.coordinator.group.GroupRecord.EpochRecord;
import io.millrace.server.coordinator.group.GroupRecord.MemberRecord;
import io.millrace.server.coordinator.group.GroupRecord.OffsetRecord;
import io.millrace.server.coordinator.group.GroupRecord.RegexRecord;
import io.millrace.server.coordinator.group.GroupRecord.SeenRecord;
import io.millrace.server.coordinator.group.GroupRecord.TargetEpochRecord;
import io.millrace.server.coordinator.group.GroupRecord.TargetRecord;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The groups of one shard by their ids, as the records say.
 *
 * <p>A classic group's state lives ahead of its records, which are written when a generation is
 * formed and when it is stable; so they count while the log is read, and later say only what is
 * known already. Everything else changes by records alone.
 */
@ConfinedTo("the shard's loop")
final class GroupTable {
  private final SortedMap<String, Group> byId = new TreeMap<>();
  private final CommittedOffsets offsets;
  private boolean loading = true;

  GroupTable(CommittedOffsets offsets) {
    this.offsets = offsets;
  }

  @Nullable Group get(String id) {
    return byId.get(id);
  }

  void put(Group group) {
    byId.put(group.id(), group);
  }

  void remove(String id) {
    byId.remove(id);
  }

  /** All of them; for who looks at all, or deletes some. */
  SortedMap<String, Group> byId() {
    return byId;
  }

  /** Takes a record into the state. */
  void replay(GroupRecord record) {
    if (record instanceof OffsetRecord offset) {
      offsets.replay(offset);
      if (loading && offset.value() != null) {
        byId.computeIfAbsent(offset.group(), ClassicGroup::new);
      }
    } else if (record instanceof SeenRecord seen) {
      offsets.added().replay(seen);
    } else if (record instanceof ClassicGroupRecord group) {
      replayClassic(group);
    } else if (record instanceof EpochRecord epoch) {
      if (epoch.value() != null) {
        consumerGroup(epoch.group()).replayEpoch(epoch.value());
      } else if (byId.get(epoch.group()) instanceof ConsumerGroup) {
        byId.remove(epoch.group());
      }
    } else if (record instanceof MemberRecord member) {
      if (isOf(member, member.value())) {
        consumerGroup(member.group()).replayMember(member.memberId(), member.value());
      }
    } else if (record instanceof TargetEpochRecord target) {
      if (target.assignmentEpoch() != null) {
        consumerGroup(target.group()).replayAssignmentEpoch(target.assignmentEpoch());
      }
    } else if (record instanceof TargetRecord target) {
      if (isOf(target, target.value())) {
        consumerGroup(target.group()).replayTarget(target.memberId(), target.value());
      }
    } else if (record instanceof CurrentRecord current) {
      if (isOf(current, current.value())) {
        consumerGroup(current.group()).replayCurrent(current.memberId(), current.value());
      }
    } else if (record instanceof RegexRecord regex && isOf(regex, regex.value())) {
      consumerGroup(regex.group()).replayRegex(regex.regex(), regex.value());
    }
  }

  /** A deletion makes no group. */
  private boolean isOf(GroupRecord record, @Nullable Object value) {
    return value != null || byId.get(record.group()) instanceof ConsumerGroup;
  }

  private void replayClassic(ClassicGroupRecord record) {
    ClassicGroupValue value = record.value();
    if (value == null) {
      if (byId.get(record.group()) instanceof ClassicGroup) {
        byId.remove(record.group());
      }
    } else if (loading) {
      byId.put(record.group(), ClassicGroup.restore(record.group(), value));
    }
  }

  /** The group, which is made if there is none of its kind. */
  ConsumerGroup consumerGroup(String id) {
    if (byId.get(id) instanceof ConsumerGroup group) {
      return group;
    }
    // While the log is read, offsets of a group may come before the group.
    ConsumerGroup fresh = new ConsumerGroup(id);
    byId.put(id, fresh);
    return fresh;
  }

  /** The log has been read to its end. */
  void onLoaded() {
    loading = false;
    // Offsets outlive the group when it changes its protocol and nobody completes a generation.
    offsets.groups().forEach(id -> byId.computeIfAbsent(id, ClassicGroup::new));
    // A group whose deletion was the last thing heard of it.
    byId.values().removeIf(group -> group.isEmpty() && isBlank(group) && !offsets.has(group.id()));
  }

  void removeIfBlank(ClassicGroup group) {
    if (group.isEmpty() && isBlank(group) && !offsets.has(group.id())) {
      byId.remove(group.id());
    }
  }

  private static boolean isBlank(Group group) {
    return group instanceof ClassicGroup classic
        ? classic.protocolType == null && classic.pendingJoin.isEmpty()
        : group instanceof ConsumerGroup consumer && consumer.epoch() == 0;
  }
}
