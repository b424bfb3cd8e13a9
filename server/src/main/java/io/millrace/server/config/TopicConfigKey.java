package io.millrace.server.config;

import org.jspecify.annotations.Nullable;

/**
 * A key that a topic can have of its own.
 *
 * @param key its declaration
 * @param nodeKey the node-wide key that is the default of topics on this cluster; null when there
 *     is none
 * @param implemented false for a key of Kafka's that has no effect here; only its default is
 *     accepted
 */
public record TopicConfigKey(
    ConfigKey<?> key, @Nullable ConfigKey<?> nodeKey, boolean implemented) {

  public String name() {
    return key.name();
  }

  /**
   * Checks a value that somebody sets for a topic.
   *
   * @throws ConfigException naming key, value and range
   */
  public void check(String value) {
    Object parsed = key.parse(value);
    if (!implemented && !parsed.equals(key.defaultValue())) {
      throw new ConfigException(
          key.name()
              + "="
              + value
              + " is not implemented yet: only the default '"
              + key.defaultText()
              + "' is accepted");
    }
  }
}
