package io.millrace.server.coordinator.group;

import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How large the things may be that a client has a group keep. What is larger is refused at the
 * door: a record that does not fit would cost the shard a reload. Pure.
 *
 * <p>A stored string has at most 32767 bytes; member ids are a client's text and a unique part.
 */
final class RequestBounds {
  /** Any text of so many characters has fewer than 32767 bytes, with room for a unique part. */
  static final int MAX_TEXT_CHARS = 10_000;

  /** Each is compared with those of all other members. */
  static final int MAX_PROTOCOLS = 100;

  private static final int FIELD_BYTES = 4;
  private static final int MAX_BYTES_PER_CHAR = 3;

  /** Ids, client and host of a member, as they mostly are. */
  private static final int MEMBER_BYTES = 200;

  private RequestBounds() {}

  static boolean isText(@Nullable String text) {
    return text == null || text.length() <= MAX_TEXT_CHARS;
  }

  /** An upper bound of what a member of a classic group takes besides its assignment. */
  static int bytes(List<JoinGroupRequestProtocol> protocols) {
    int bytes = MEMBER_BYTES;
    for (JoinGroupRequestProtocol protocol : protocols) {
      bytes +=
          FIELD_BYTES
              + protocol.name().length() * MAX_BYTES_PER_CHAR
              + protocol.metadata().remaining();
    }
    return bytes;
  }

  /** What is too large in a request to join, or null. */
  static @Nullable String problem(JoinGroupRequest request) {
    if (request.protocols().size() > MAX_PROTOCOLS) {
      return request.protocols().size() + " protocols, limit " + MAX_PROTOCOLS;
    }
    if (!isText(request.groupInstanceId()) || !isText(request.protocolType())) {
      return "instance id or protocol type longer than " + MAX_TEXT_CHARS + " characters";
    }
    for (JoinGroupRequestProtocol protocol : request.protocols()) {
      if (!isText(protocol.name())) {
        return "protocol name longer than " + MAX_TEXT_CHARS + " characters";
      }
    }
    return null;
  }

  /** What is too large in a heartbeat, or null. */
  static @Nullable String problem(ConsumerGroupHeartbeatRequest request, int maxRecordBytes) {
    if (!isText(request.memberId())) {
      return "MemberId is longer than " + MAX_TEXT_CHARS + " characters.";
    }
    if (!isText(request.instanceId()) || !isText(request.rackId())) {
      return "InstanceId or RackId is longer than " + MAX_TEXT_CHARS + " characters.";
    }
    if (!isText(request.subscribedTopicRegex())) {
      return "SubscribedTopicRegex is longer than " + MAX_TEXT_CHARS + " characters.";
    }
    List<String> topics = request.subscribedTopicNames();
    if (topics != null) {
      long bytes = 0;
      for (String topic : topics) {
        bytes += FIELD_BYTES + (long) topic.length() * MAX_BYTES_PER_CHAR;
      }
      if (bytes > maxRecordBytes) {
        return "SubscribedTopicNames may take " + bytes + " bytes, limit " + maxRecordBytes + ".";
      }
    }
    return null;
  }
}
