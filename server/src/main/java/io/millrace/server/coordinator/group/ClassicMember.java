package io.millrace.server.coordinator.group;

import io.millrace.protocol.message.HeartbeatResponse;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.SyncGroupResponse;
import io.millrace.server.coordinator.Answer;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A member of a classic group. Confined to the shard's loop; {@link ClassicGroups} changes it. */
final class ClassicMember {
  static final ByteBuffer NO_BYTES = ByteBuffer.allocate(0).asReadOnlyBuffer();

  final String memberId;
  final @Nullable String instanceId;
  final String clientId;
  final String clientHost;
  int rebalanceTimeoutMs;
  int sessionTimeoutMs;
  List<JoinGroupRequestProtocol> protocols;
  ByteBuffer assignment = NO_BYTES;

  /** Until its first generation: it gets more time than a session, because it cannot heartbeat. */
  boolean isNew;

  @Nullable Answer<JoinGroupResponse> awaitingJoin;
  @Nullable Answer<SyncGroupResponse> awaitingSync;

  /** Kept back until there is something to tell: {@link HeldHeartbeats}. */
  @Nullable Answer<HeartbeatResponse> heldHeartbeat;

  /** When it was last told by a heartbeat that all is well, and to ask again; -1 for not yet. */
  long assuredMillis = -1;

  long askedAgainMillis = -1;

  ClassicMember(
      String memberId,
      @Nullable String instanceId,
      String clientId,
      String clientHost,
      int rebalanceTimeoutMs,
      int sessionTimeoutMs,
      List<JoinGroupRequestProtocol> protocols) {
    this.memberId = memberId;
    this.instanceId = instanceId;
    this.clientId = clientId;
    this.clientHost = clientHost;
    this.rebalanceTimeoutMs = rebalanceTimeoutMs;
    this.sessionTimeoutMs = sessionTimeoutMs;
    this.protocols = List.copyOf(protocols);
  }

  boolean isStatic() {
    return instanceId != null;
  }

  /** What the member says under a protocol; empty when it does not speak it. */
  ByteBuffer metadata(@Nullable String protocol) {
    for (JoinGroupRequestProtocol candidate : protocols) {
      if (candidate.name().equals(protocol)) {
        return candidate.metadata();
      }
    }
    return NO_BYTES;
  }

  boolean speaks(String protocol) {
    return protocols.stream().anyMatch(candidate -> candidate.name().equals(protocol));
  }

  int metadataBytes() {
    return RequestBounds.bytes(protocols);
  }
}
