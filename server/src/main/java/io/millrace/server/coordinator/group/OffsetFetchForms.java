package io.millrace.server.coordinator.group;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestTopics;
import io.millrace.protocol.message.OffsetFetchResponse;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponseGroup;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponsePartition;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponseTopic;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The forms that OffsetFetch has had: one group (1 to 7), many groups (8 and 9), topics by id (10).
 * Inside there is only the newest.
 */
final class OffsetFetchForms {
  private static final short FIRST_WITH_GROUP_ERROR = 2;
  private static final short FIRST_WITH_GROUPS = 8;
  private static final short FIRST_WITH_UNSTABLE = 7;
  private static final short FIRST_BY_ID = 10;

  private OffsetFetchForms() {}

  /** Whether clients of the version know the error that has them ask again in a moment. */
  static boolean knowsUnstable(short version) {
    return version >= FIRST_WITH_UNSTABLE;
  }

  static boolean isById(short version) {
    return version >= FIRST_BY_ID;
  }

  static List<OffsetFetchRequestGroup> groups(short version, OffsetFetchRequest request) {
    if (version >= FIRST_WITH_GROUPS) {
      return request.groups();
    }
    List<OffsetFetchRequest.OffsetFetchRequestTopic> named = request.topics();
    @Nullable List<OffsetFetchRequestTopics> topics =
        named == null
            ? null
            : named.stream()
                .map(
                    topic ->
                        new OffsetFetchRequestTopics(
                            topic.name(), Uuid.ZERO, topic.partitionIndexes()))
                .toList();
    return List.of(new OffsetFetchRequestGroup(request.groupId(), null, -1, topics));
  }

  static OffsetFetchResponse answer(
      short version, OffsetFetchRequest request, List<OffsetFetchResponseGroup> groups) {
    if (version >= FIRST_WITH_GROUPS) {
      return OffsetFetchResponse.builder().groups(groups).build();
    }
    OffsetFetchResponseGroup group = groups.get(0);
    if (group.errorCode() != 0 && version < FIRST_WITH_GROUP_ERROR) {
      return OffsetFetchResponse.builder().topics(errorForEach(request, group.errorCode())).build();
    }
    return OffsetFetchResponse.builder()
        .errorCode(group.errorCode())
        .topics(
            group.topics().stream()
                .map(
                    topic ->
                        new OffsetFetchResponseTopic(
                            topic.name(),
                            topic.partitions().stream()
                                .map(
                                    partition ->
                                        new OffsetFetchResponsePartition(
                                            partition.partitionIndex(),
                                            partition.committedOffset(),
                                            partition.committedLeaderEpoch(),
                                            partition.metadata(),
                                            partition.errorCode()))
                                .toList()))
                .toList())
        .build();
  }

  private static List<OffsetFetchResponseTopic> errorForEach(
      OffsetFetchRequest request, short error) {
    List<OffsetFetchRequest.OffsetFetchRequestTopic> topics = request.topics();
    if (topics == null) {
      return List.of();
    }
    return topics.stream()
        .map(
            topic ->
                new OffsetFetchResponseTopic(
                    topic.name(),
                    topic.partitionIndexes().stream()
                        .map(index -> new OffsetFetchResponsePartition(index, -1, -1, "", error))
                        .toList()))
        .toList();
  }
}
