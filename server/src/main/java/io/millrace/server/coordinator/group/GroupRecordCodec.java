package io.millrace.server.coordinator.group;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.server.coordinator.RecordCodec;
import io.millrace.server.coordinator.StoredRecord;
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupRecord;
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupValue;
import io.millrace.server.coordinator.group.GroupRecord.ClassicMemberValue;
import io.millrace.server.coordinator.group.GroupRecord.ClassicSide;
import io.millrace.server.coordinator.group.GroupRecord.CurrentRecord;
import io.millrace.server.coordinator.group.GroupRecord.CurrentValue;
import io.millrace.server.coordinator.group.GroupRecord.EpochRecord;
import io.millrace.server.coordinator.group.GroupRecord.EpochValue;
import io.millrace.server.coordinator.group.GroupRecord.MemberRecord;
import io.millrace.server.coordinator.group.GroupRecord.MemberValue;
import io.millrace.server.coordinator.group.GroupRecord.OffsetRecord;
import io.millrace.server.coordinator.group.GroupRecord.RegexRecord;
import io.millrace.server.coordinator.group.GroupRecord.RegexValue;
import io.millrace.server.coordinator.group.GroupRecord.SeenRecord;
import io.millrace.server.coordinator.group.GroupRecord.TargetEpochRecord;
import io.millrace.server.coordinator.group.GroupRecord.TargetRecord;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Kafka's own format of {@code __consumer_offsets}, byte for byte: a key is its type in 16 bits and
 * its strings, a value its version in 16 bits and its fields. {@code docs/decisions/080} has the
 * table. Kinds of records that this shard does not keep are passed over.
 */
public final class GroupRecordCodec implements RecordCodec<GroupRecord> {
  private static final short OFFSET_LEGACY = 0;
  private static final short OFFSET = 1;
  private static final short CLASSIC_GROUP = 2;
  private static final short EPOCH = 3;
  private static final short MEMBER = 5;
  private static final short TARGET_EPOCH = 6;
  private static final short TARGET = 7;
  private static final short CURRENT = 8;
  private static final short REGEX = 16;

  /** Ours; far from Kafka's numbers, and passed over by it. */
  private static final short SEEN = 30_001;

  private static final short OFFSET_EXPIRY_VERSION = 1;
  private static final short OFFSET_PLAIN_VERSION = 3;
  private static final short OFFSET_TOPIC_ID_VERSION = 4;
  private static final short CLASSIC_GROUP_VERSION = 3;
  private static final short FLEXIBLE_SINCE = 4;
  private static final short FIRST = 0;
  private static final byte PRESENT = 1;

  // ---- encode

  @Override
  public StoredRecord encode(GroupRecord record) {
    if (record instanceof OffsetRecord offset) {
      return stored(
          key(OFFSET, offset.group(), offset.topic()).putInt(offset.partition()),
          offset.value() == null ? null : offsetValue(offset.value()));
    } else if (record instanceof SeenRecord seen) {
      Integer partitions = seen.partitions();
      return stored(
          key(SEEN, seen.group()).putUuid(seen.topicId()),
          partitions == null ? null : value(FIRST).putInt(partitions).putVarint(0));
    } else if (record instanceof ClassicGroupRecord group) {
      return stored(
          key(CLASSIC_GROUP, group.group()), group.value() == null ? null : classic(group.value()));
    } else if (record instanceof EpochRecord epoch) {
      return stored(
          key(EPOCH, epoch.group()), epoch.value() == null ? null : epochValue(epoch.value()));
    } else if (record instanceof MemberRecord member) {
      return stored(
          key(MEMBER, member.group(), member.memberId()),
          member.value() == null ? null : memberValue(member.value()));
    } else if (record instanceof TargetEpochRecord target) {
      Integer epoch = target.assignmentEpoch();
      return stored(
          key(TARGET_EPOCH, target.group()),
          epoch == null ? null : value(FIRST).putInt(epoch).putVarint(0));
    } else if (record instanceof TargetRecord target) {
      return stored(
          key(TARGET, target.group(), target.memberId()),
          target.value() == null ? null : partitions(value(FIRST), target.value()).putVarint(0));
    } else if (record instanceof CurrentRecord current) {
      return stored(
          key(CURRENT, current.group(), current.memberId()),
          current.value() == null ? null : currentValue(current.value()));
    } else if (record instanceof RegexRecord regex) {
      return stored(
          key(REGEX, regex.group(), regex.regex()),
          regex.value() == null ? null : regexValue(regex.value()));
    }
    throw new IllegalArgumentException("record " + record.getClass());
  }

  private static StoredRecord stored(RecordBytes key, @Nullable RecordBytes value) {
    return new StoredRecord(key.done(), value == null ? null : value.done());
  }

  private static RecordBytes key(short type, String... parts) {
    RecordBytes out = new RecordBytes().putShort(type);
    for (String part : parts) {
      out.putString(part, false);
    }
    return out;
  }

  private static RecordBytes value(short version) {
    return new RecordBytes().putShort(version);
  }

  private static RecordBytes offsetValue(CommittedOffset offset) {
    if (offset.expireTimestamp() >= 0) { // only this version can say it
      return value(OFFSET_EXPIRY_VERSION)
          .putLong(offset.offset())
          .putString(offset.metadata(), false)
          .putLong(offset.commitTimestamp())
          .putLong(offset.expireTimestamp());
    }
    boolean hasId = !offset.topicId().equals(Uuid.ZERO);
    RecordBytes out =
        value(hasId ? OFFSET_TOPIC_ID_VERSION : OFFSET_PLAIN_VERSION)
            .putLong(offset.offset())
            .putInt(offset.leaderEpoch())
            .putString(offset.metadata(), hasId)
            .putLong(offset.commitTimestamp());
    if (hasId) {
      out.putVarint(1).putVarint(0).putVarint(16).putUuid(offset.topicId());
    }
    return out;
  }

  private static RecordBytes classic(ClassicGroupValue group) {
    RecordBytes out =
        value(CLASSIC_GROUP_VERSION)
            .putString(group.protocolType(), false)
            .putInt(group.generation())
            .putString(group.protocol(), false)
            .putString(group.leader(), false)
            .putLong(group.stateTimestamp())
            .putInt(group.members().size());
    for (ClassicMemberValue member : group.members()) {
      out.putString(member.memberId(), false)
          .putString(member.instanceId(), false)
          .putString(member.clientId(), false)
          .putString(member.clientHost(), false)
          .putInt(member.rebalanceTimeoutMs())
          .putInt(member.sessionTimeoutMs())
          .putBytes(member.subscription())
          .putBytes(member.assignment());
    }
    return out;
  }

  private static RecordBytes epochValue(EpochValue epoch) {
    RecordBytes out = value(FIRST).putInt(epoch.epoch());
    return epoch.metadataHash() == 0
        ? out.putVarint(0)
        : out.putVarint(1).putVarint(0).putVarint(8).putLong(epoch.metadataHash());
  }

  private static RecordBytes memberValue(MemberValue member) {
    RecordBytes out = value(FIRST);
    out.putString(member.instanceId(), true)
        .putString(member.rackId(), true)
        .putString(member.clientId(), true)
        .putString(member.clientHost(), true)
        .putCompactList(member.topics(), (to, topic) -> to.putString(topic, true))
        .putString(member.regex(), true)
        .putInt(member.rebalanceTimeoutMs())
        .putString(member.assignor(), true);
    ClassicSide classic = member.classic();
    if (classic == null) {
      return out.putVarint(0);
    }
    ByteBuffer field =
        new RecordBytes()
            .putByte(PRESENT)
            .putInt(classic.sessionTimeoutMs())
            .putCompactList(
                classic.protocols(),
                (to, protocol) ->
                    to.putString(protocol.name(), true)
                        .putCompactBytes(protocol.metadata())
                        .putVarint(0))
            .putVarint(0)
            .done();
    return out.putVarint(1).putVarint(0).putVarint(field.remaining()).putRaw(field);
  }

  private static RecordBytes currentValue(CurrentValue current) {
    RecordBytes out =
        value(FIRST)
            .putInt(current.epoch())
            .putInt(current.previousEpoch())
            .putByte(current.state().code());
    return partitions(partitions(out, current.assigned()), current.revoking()).putVarint(0);
  }

  private static RecordBytes regexValue(RegexValue regex) {
    return value(FIRST)
        .putCompactList(regex.topics(), (out, topic) -> out.putString(topic, true))
        .putLong(regex.version())
        .putLong(regex.timestamp())
        .putVarint(0);
  }

  private static RecordBytes partitions(RecordBytes out, PartitionSet set) {
    return out.putCompactList(
        new ArrayList<>(set.byTopic().entrySet()),
        (to, topic) ->
            to.putUuid(topic.getKey())
                .putCompactList(new ArrayList<>(topic.getValue()), RecordBytes::putInt)
                .putVarint(0));
  }

  // ---- decode

  @Override
  public @Nullable GroupRecord decode(StoredRecord stored) {
    RecordBytes key = new RecordBytes(stored.key());
    short type = key.readShort();
    ByteBuffer bytes = stored.value();
    RecordBytes in = bytes == null ? null : new RecordBytes(bytes);
    short version = in == null ? 0 : in.readShort();
    switch (type) {
      case OFFSET_LEGACY, OFFSET:
        return new OffsetRecord(
            key.readString(false),
            key.readString(false),
            key.readInt(),
            in == null ? null : readOffset(in, version));
      case SEEN:
        return new SeenRecord(
            key.readString(false), key.readUuid(), in == null ? null : in.readInt());
      case CLASSIC_GROUP:
        return new ClassicGroupRecord(
            key.readString(false), in == null ? null : readClassic(in, version));
      case EPOCH:
        return new EpochRecord(key.readString(false), in == null ? null : readEpoch(in));
      case MEMBER:
        return new MemberRecord(
            key.readString(false), key.readString(false), in == null ? null : readMember(in));
      case TARGET_EPOCH:
        return new TargetEpochRecord(key.readString(false), in == null ? null : in.readInt());
      case TARGET:
        return new TargetRecord(
            key.readString(false), key.readString(false), in == null ? null : readPartitions(in));
      case CURRENT:
        return new CurrentRecord(
            key.readString(false), key.readString(false), in == null ? null : readCurrent(in));
      case REGEX:
        return new RegexRecord(
            key.readString(false), key.readString(false), in == null ? null : readRegex(in));
      default:
        return null;
    }
  }

  private static CommittedOffset readOffset(RecordBytes in, short version) {
    boolean flexible = version >= FLEXIBLE_SINCE;
    long offset = in.readLong();
    int leaderEpoch = version >= 3 ? in.readInt() : -1;
    String metadata = in.readString(flexible);
    long committed = in.readLong();
    long expires = version == 1 ? in.readLong() : -1;
    Uuid[] topicId = {Uuid.ZERO};
    if (flexible) {
      in.readTags(
          (tag, field) -> {
            if (tag == 0) {
              topicId[0] = field.readUuid();
            }
          });
    }
    return new CommittedOffset(offset, leaderEpoch, metadata, committed, expires, topicId[0]);
  }

  private static ClassicGroupValue readClassic(RecordBytes in, short version) {
    boolean flexible = version >= FLEXIBLE_SINCE;
    String protocolType = in.readString(flexible);
    int generation = in.readInt();
    String protocol = in.readNullableString(flexible);
    String leader = in.readNullableString(flexible);
    long timestamp = version >= 2 ? in.readLong() : -1;
    List<ClassicMemberValue> members =
        in.readList(flexible, from -> readClassicMember(from, version, flexible));
    return new ClassicGroupValue(protocolType, generation, protocol, leader, timestamp, members);
  }

  private static ClassicMemberValue readClassicMember(
      RecordBytes in, short version, boolean flexible) {
    String memberId = in.readString(flexible);
    String instanceId = version >= 3 ? in.readNullableString(flexible) : null;
    String clientId = in.readString(flexible);
    String clientHost = in.readString(flexible);
    int rebalanceTimeout = version >= 1 ? in.readInt() : -1;
    int sessionTimeout = in.readInt();
    ByteBuffer subscription = in.readBytes(flexible);
    ByteBuffer assignment = in.readBytes(flexible);
    if (flexible) {
      in.skipTags();
    }
    return new ClassicMemberValue(
        memberId,
        instanceId,
        clientId,
        clientHost,
        rebalanceTimeout < 0 ? sessionTimeout : rebalanceTimeout,
        sessionTimeout,
        subscription,
        assignment);
  }

  private static EpochValue readEpoch(RecordBytes in) {
    int epoch = in.readInt();
    long[] hash = {0};
    in.readTags(
        (tag, field) -> {
          if (tag == 0) {
            hash[0] = field.readLong();
          }
        });
    return new EpochValue(epoch, hash[0]);
  }

  private static MemberValue readMember(RecordBytes in) {
    String instanceId = in.readNullableString(true);
    String rackId = in.readNullableString(true);
    String clientId = in.readString(true);
    String clientHost = in.readString(true);
    List<String> topics = in.readList(true, from -> from.readString(true));
    String regex = in.readNullableString(true);
    int rebalanceTimeout = in.readInt();
    String assignor = in.readNullableString(true);
    @Nullable ClassicSide[] classic = {null};
    in.readTags(
        (tag, field) -> {
          if (tag == 0 && field.readByte() == PRESENT) {
            classic[0] = readClassicSide(field);
          }
        });
    return new MemberValue(
        instanceId,
        rackId,
        clientId,
        clientHost,
        topics,
        regex,
        rebalanceTimeout,
        assignor,
        classic[0]);
  }

  private static ClassicSide readClassicSide(RecordBytes in) {
    int sessionTimeout = in.readInt();
    List<JoinGroupRequestProtocol> protocols =
        in.readList(
            true,
            from -> {
              JoinGroupRequestProtocol protocol =
                  new JoinGroupRequestProtocol(from.readString(true), from.readBytes(true));
              from.skipTags();
              return protocol;
            });
    return new ClassicSide(sessionTimeout, protocols);
  }

  private static CurrentValue readCurrent(RecordBytes in) {
    return new CurrentValue(
        in.readInt(),
        in.readInt(),
        MemberState.forCode(in.readByte()),
        readPartitions(in),
        readPartitions(in));
  }

  private static RegexValue readRegex(RecordBytes in) {
    return new RegexValue(
        in.readList(true, from -> from.readString(true)), in.readLong(), in.readLong());
  }

  private static PartitionSet readPartitions(RecordBytes in) {
    TreeMap<Uuid, SortedSet<Integer>> topics = new TreeMap<>();
    in.readList(
        true,
        from -> {
          topics.put(from.readUuid(), new TreeSet<>(from.readList(true, RecordBytes::readInt)));
          from.skipTags();
          return true;
        });
    return new PartitionSet(topics);
  }
}
