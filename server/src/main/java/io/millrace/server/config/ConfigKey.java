package io.millrace.server.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One configuration key: its name, type, default, range and meaning, declared once. Immutable.
 *
 * @param name Kafka's name where the meaning is Kafka's
 * @param defaultText the default as one would write it in a file
 * @param allowed the range in words, as it appears in error messages and in the reference
 * @param sentence what the key does
 * @param parser text to value; null when the text is not in the range
 */
public record ConfigKey<T>(
    String name,
    ConfigType type,
    String defaultText,
    String allowed,
    String sentence,
    Function<String, @Nullable T> parser) {

  /**
   * Reads a value.
   *
   * @throws ConfigException naming key, value and range
   */
  public T parse(String text) {
    T value;
    try {
      value = parser.apply(text.trim());
    } catch (NumberFormatException notANumber) {
      value = null;
    }
    if (value == null) {
      throw ConfigException.badValue(name, text, allowed);
    }
    return value;
  }

  public T defaultValue() {
    return parse(defaultText);
  }

  /**
   * The same key under another name and default, for a topic's key that has a node-wide default.
   */
  ConfigKey<T> named(String otherName, String otherSentence) {
    return new ConfigKey<>(otherName, type, defaultText, allowed, otherSentence, parser);
  }

  static ConfigKey<Integer> integer(
      String name, int defaultValue, int min, int max, String sentence) {
    return new ConfigKey<>(
        name,
        ConfigType.INT,
        Integer.toString(defaultValue),
        "a whole number " + range(min, max, Integer.MAX_VALUE),
        sentence,
        text -> {
          int value = Integer.parseInt(text);
          return value < min || value > max ? null : value;
        });
  }

  static ConfigKey<Long> bigInteger(
      String name, long defaultValue, long min, long max, String sentence) {
    return new ConfigKey<>(
        name,
        ConfigType.LONG,
        Long.toString(defaultValue),
        "a whole number " + range(min, max, Long.MAX_VALUE),
        sentence,
        text -> {
          long value = Long.parseLong(text);
          return value < min || value > max ? null : value;
        });
  }

  static ConfigKey<Double> fraction(
      String name, double defaultValue, double min, double max, String sentence) {
    return new ConfigKey<>(
        name,
        ConfigType.DOUBLE,
        Double.toString(defaultValue),
        "a number between " + min + " and " + max,
        sentence,
        text -> {
          double value = Double.parseDouble(text);
          return value >= min && value <= max ? value : null;
        });
  }

  static ConfigKey<Boolean> bool(String name, boolean defaultValue, String sentence) {
    return new ConfigKey<>(
        name,
        ConfigType.BOOLEAN,
        Boolean.toString(defaultValue),
        "true or false",
        sentence,
        text -> {
          String lower = text.toLowerCase(Locale.ROOT);
          return lower.equals("true") ? Boolean.TRUE : lower.equals("false") ? Boolean.FALSE : null;
        });
  }

  static ConfigKey<String> text(String name, String defaultValue, String allowed, String sentence) {
    return new ConfigKey<>(name, ConfigType.STRING, defaultValue, allowed, sentence, text -> text);
  }

  static ConfigKey<String> oneOf(
      String name, String defaultValue, List<String> choices, String sentence) {
    return new ConfigKey<>(
        name,
        ConfigType.STRING,
        defaultValue,
        "one of " + String.join(", ", choices),
        sentence,
        text -> choices.contains(text) ? text : null);
  }

  static ConfigKey<List<String>> list(
      String name, String defaultValue, String allowed, String sentence) {
    return new ConfigKey<>(
        name, ConfigType.LIST, defaultValue, allowed, sentence, ConfigKey::splitList);
  }

  /** A list of some of the choices, each at most once and at least one. */
  static ConfigKey<List<String>> someOf(
      String name, String defaultValue, List<String> choices, String sentence) {
    return new ConfigKey<>(
        name,
        ConfigType.LIST,
        defaultValue,
        "a comma-separated list of " + String.join(", ", choices) + ", each at most once",
        sentence,
        text -> {
          List<String> chosen = splitList(text);
          boolean legal =
              !chosen.isEmpty()
                  && choices.containsAll(chosen)
                  && chosen.stream().distinct().count() == chosen.size();
          return legal ? chosen : null;
        });
  }

  private static List<String> splitList(String text) {
    List<String> parts = new ArrayList<>();
    for (String part : text.split(",")) {
      if (!part.isBlank()) {
        parts.add(part.trim());
      }
    }
    return List.copyOf(parts);
  }

  private static String range(long min, long max, long unbounded) {
    return max == unbounded ? "of " + min + " or more" : "from " + min + " to " + max;
  }
}
