package io.millrace.metadata.controller;

import io.millrace.metadata.image.MetadataImage;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Kafka's rule for the names of topics. Pure. */
public final class TopicNames {

  /** So that {@code <name>-<partition>} with a suffix still fits a file name. */
  public static final int MAX_LENGTH = 249;

  private TopicNames() {}

  /** What is wrong with a name, or null. */
  public static @Nullable String defect(String name) {
    if (name.isEmpty()) {
      return "the topic name is empty";
    }
    if (name.equals(".") || name.equals("..")) {
      return "the topic name is '" + name + "'";
    }
    if (name.length() > MAX_LENGTH) {
      return "the topic name has " + name.length() + " characters, the maximum is " + MAX_LENGTH;
    }
    for (int i = 0; i < name.length(); i++) {
      if (!isLegal(name.charAt(i))) {
        return String.format(
                "the topic name has the character U+%04X at index %d; ", (int) name.charAt(i), i)
            + "allowed are ASCII letters, digits, '.', '_' and '-'";
      }
    }
    return null;
  }

  /** A topic whose metrics would have the same name, because '.' becomes '_' there; or null. */
  static @Nullable String collision(MetadataImage image, Iterable<String> alsoNew, String name) {
    if (name.indexOf('.') < 0 && name.indexOf('_') < 0) {
      return null;
    }
    String flat = flatten(name);
    for (Map.Entry<String, ?> topic : image.topics().idsByName()) {
      if (collides(name, flat, topic.getKey())) {
        return topic.getKey();
      }
    }
    for (String other : alsoNew) {
      if (collides(name, flat, other)) {
        return other;
      }
    }
    return null;
  }

  private static boolean collides(String name, String flat, String other) {
    return other.length() == name.length() && !other.equals(name) && flatten(other).equals(flat);
  }

  private static String flatten(String name) {
    return name.replace('.', '_');
  }

  private static boolean isLegal(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '.'
        || c == '_'
        || c == '-';
  }
}
