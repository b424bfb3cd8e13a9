package io.millrace.log;

import io.millrace.protocol.Uuid;
import org.jspecify.annotations.Nullable;

/**
 * One partition of one incarnation of a topic. The name becomes a directory name, so an instance of
 * this type is the proof that the name is safe: legal characters only, never {@code .} or {@code
 * ..}, short enough for a file system.
 *
 * @param topicId tells a re-created topic from its predecessor; {@link Uuid#ZERO} is refused
 * @param partition 0 or more
 */
public record TopicPartitionId(Uuid topicId, String topic, int partition) {

  private static final int MAX_TOPIC_LENGTH = 249;

  public TopicPartitionId {
    String problem = problemWithTopic(topic);
    if (problem != null) {
      throw new IllegalArgumentException(problem);
    }
    if (partition < 0) {
      throw new IllegalArgumentException(
          "partition " + partition + " of topic " + topic + " is negative");
    }
    if (topicId.equals(Uuid.ZERO)) {
      throw new IllegalArgumentException("topic " + topic + " has no id");
    }
  }

  /** Why a name cannot be a topic, or null when it can. */
  public static @Nullable String problemWithTopic(String topic) {
    if (topic.isEmpty() || topic.length() > MAX_TOPIC_LENGTH) {
      return "topic name has " + topic.length() + " characters, expected 1 to " + MAX_TOPIC_LENGTH;
    }
    if (topic.equals(".") || topic.equals("..")) {
      return "topic name cannot be '" + topic + "'";
    }
    for (int i = 0; i < topic.length(); i++) {
      if (!isLegal(topic.charAt(i))) {
        return "topic name has an illegal character at index "
            + i
            + "; legal are a-z A-Z 0-9 . _ -";
      }
    }
    return null;
  }

  private static boolean isLegal(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '.'
        || c == '_'
        || c == '-';
  }

  /** The name of the partition's directory, {@code <topic>-<partition>}. */
  public String directoryName() {
    return topic + "-" + partition;
  }

  @Override
  public String toString() {
    return topic + "-" + partition + "(" + topicId + ")";
  }
}
