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
