package io.millrace.server.config;

import java.util.Map;

/** The values that were given, read through the keys' declarations. Immutable; any thread. */
final class ConfigValues {
  private final Map<String, String> given;

  ConfigValues(Map<String, String> given) {
    this.given = Map.copyOf(given);
  }

  /** The value given for the key, else its default. */
  <T> T get(ConfigKey<T> key) {
    String text = given.get(key.name());
    return text == null ? key.defaultValue() : key.parse(text);
  }

  /**
   * A key that is there without a value, or with commas alone, is most often a script whose
   * variable was not set: data in ./data or a quorum of one are not what its author meant.
   *
   * @throws ConfigException naming key, value and range
   */
  void refuseEmpty(ConfigKey<?> key) {
    String text = given.get(key.name());
    if (text != null && text.chars().allMatch(c -> c == ',' || Character.isWhitespace(c))) {
      throw bad(key, text, key.allowed() + "; leave the key out for its default");
    }
  }

  boolean isGiven(ConfigKey<?> key) {
    return given.containsKey(key.name());
  }

  Map<String, String> given() {
    return given;
  }

  static ConfigException bad(ConfigKey<?> key, String value, String allowed) {
    return ConfigException.badValue(key.name(), value, allowed);
  }
}
