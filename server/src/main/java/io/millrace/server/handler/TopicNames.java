package io.millrace.server.handler;

import org.jspecify.annotations.Nullable;

/** Kafka's rule for names of topics; they become names of directories, so nothing else may pass. */
public final class TopicNames {
  public static final int MAX_LENGTH = 249;

  private TopicNames() {}

  /** What is wrong with a name, or null. */
  public static @Nullable String problem(@Nullable String name) {
    if (name == null || name.isEmpty()) {
      return "topic name is empty";
    }
    if (name.equals(".") || name.equals("..")) {
      return "topic name cannot be '.' or '..'";
    }
    if (name.length() > MAX_LENGTH) {
      return "topic name has "
          + name.length()
          + " characters, at most "
          + MAX_LENGTH
          + " are allowed";
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean legal =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '.'
              || c == '_'
              || c == '-';
      if (!legal) {
        return "topic name has a character that is not a letter, a digit, '.', '_' or '-' at position "
            + i;
      }
    }
    return null;
  }
}
