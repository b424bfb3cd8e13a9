package io.millrace.server.coordinator.group;

import io.millrace.metadata.image.MetadataImage;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * When an offset has outlived its use. Pure.
 *
 * <p>What is being read never expires. An offset of a group without members expires a retention
 * time after the group became empty or the offset was committed, whichever was later; one that a
 * living group no longer reads, a retention time after it was committed. And, unlike Kafka by
 * default, not while there is data after any of the group's that would go: whoever comes back then
 * would skip or repeat data.
 */
final class OffsetRetention {
  private OffsetRetention() {}

  /** Whether the time of the offset is over, but for what may still be unread. */
  static boolean isDue(
      Group group,
      MetadataImage image,
      String topic,
      CommittedOffset offset,
      long wallMillis,
      long retentionMs) {
    if (!group.isEmpty()) {
      Set<String> subscribed = group.subscribedTopics(image);
      if (subscribed == null || subscribed.contains(topic)) {
        return false;
      }
    }
    if (offset.expireTimestamp() >= 0) {
      return wallMillis >= offset.expireTimestamp();
    }
    long unusedSince = Math.max(offset.commitTimestamp(), group.emptySince());
    return wallMillis - unusedSince >= retentionMs;
  }

  /**
   * Whether the group may still have something to read behind an offset: then nothing of the group
   * goes, for the others of its partitions, read to their ends, would be read again.
   *
   * @param end the partition's end, null when it could not be learnt
   */
  static boolean mayBeUnread(boolean topicExists, CommittedOffset offset, @Nullable Long end) {
    return topicExists && (end == null || end > offset.offset());
  }
}
