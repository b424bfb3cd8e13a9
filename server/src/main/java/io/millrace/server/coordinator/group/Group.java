package io.millrace.server.coordinator.group;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.OffsetCommitRequest;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What offsets and administration need to know of a group, whatever its protocol. */
sealed interface Group permits ClassicGroup, ConsumerGroup {

  String id();

  /** The state's name on the wire. */
  String stateName();

  /** The type's name on the wire. */
  String typeName();

  String protocolTypeName();

  boolean isEmpty();

  /** Since when the group has had no members, by the time of day; -1 when it has, or not known. */
  long emptySince();

  /** Whether it may commit; the version is that of the request. */
  ErrorCode checkCommit(short version, OffsetCommitRequest request);

  /** Whether it may fetch offsets. */
  ErrorCode checkFetch(@Nullable String memberId, int memberEpoch);

  /** The topics that members read; null when nobody can tell. */
  @Nullable Set<String> subscribedTopics(MetadataImage image);
}
