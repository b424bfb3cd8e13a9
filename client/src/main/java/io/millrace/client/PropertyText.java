package io.millrace.client;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A value of a property as text, with its key for messages. */
record PropertyText(String key, String text) {

  private static final Logger LOG = LoggerFactory.getLogger(ClientBuilder.class);

  static Map<String, String> toMap(Properties properties) {
    Map<String, String> map = new TreeMap<>();
    properties.stringPropertyNames().forEach(name -> map.put(name, properties.getProperty(name)));
    return map;
  }

  static void warnUnused(String kind, List<String> keys) {
    LOG.warn("settings without effect in a millrace {}: keys={}", kind, String.join(",", keys));
  }

  Duration millis() {
    return Duration.ofMillis(number());
  }

  long number() {
    try {
      return Long.parseLong(text.trim());
    } catch (NumberFormatException notANumber) {
      throw new IllegalArgumentException(
          key + " is '" + text + "', must be a whole number", notANumber);
    }
  }

  int integer() {
    long number = number();
    Checks.range(key, number, Integer.MIN_VALUE, Integer.MAX_VALUE);
    return (int) number;
  }

  boolean flag() {
    return switch (text.trim().toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new IllegalArgumentException(key + " is '" + text + "', must be true or false");
    };
  }
}
