package io.millrace.client;

import org.jspecify.annotations.Nullable;

/** One step of an incremental change of configs. */
public record ConfigChange(String name, Operation operation, @Nullable String value) {

  /** What to do; the ordinals are the numbers of the wire. */
  public enum Operation {
    SET,
    DELETE,
    APPEND,
    SUBTRACT
  }

  public static ConfigChange set(String name, String value) {
    return new ConfigChange(name, Operation.SET, value);
  }

  /** Back to the default. */
  public static ConfigChange delete(String name) {
    return new ConfigChange(name, Operation.DELETE, null);
  }

  /** Adds to a list. */
  public static ConfigChange append(String name, String value) {
    return new ConfigChange(name, Operation.APPEND, value);
  }

  /** Takes out of a list. */
  public static ConfigChange subtract(String name, String value) {
    return new ConfigChange(name, Operation.SUBTRACT, value);
  }
}
