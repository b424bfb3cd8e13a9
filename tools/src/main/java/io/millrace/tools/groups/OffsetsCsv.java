package io.millrace.tools.groups;

import io.millrace.client.TopicPartition;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Offsets in a file, in the form of Kafka's own tools: {@code topic,partition,offset}, or {@code
 * group,topic,partition,offset} for several groups. Fields may be quoted. Pure.
 */
public final class OffsetsCsv {

  private OffsetsCsv() {}

  /**
   * Reads a file of either form.
   *
   * @param name of the file, for messages
   * @param groups who gets the offsets of lines without a group; lines with another group are
   *     refused
   * @throws IllegalArgumentException naming the file, the line and what is wrong with it
   */
  public static Map<String, Map<TopicPartition, Long>> read(
      Reader text, String name, List<String> groups) throws IOException {
    Map<String, Map<TopicPartition, Long>> offsets = new LinkedHashMap<>();
    BufferedReader lines = new BufferedReader(text);
    int number = 0;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      number++;
      if (!line.isBlank()) {
        try {
          add(fields(line), groups, offsets);
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(
              name + " line " + number + ": " + e.getMessage() + ": " + line, e);
        }
      }
    }
    if (offsets.isEmpty()) {
      throw new IllegalArgumentException(
          name + " is empty, expected lines of topic,partition,offset");
    }
    return offsets;
  }

  private static void add(
      List<String> fields, List<String> groups, Map<String, Map<TopicPartition, Long>> offsets) {
    if (fields.size() != 3 && fields.size() != 4) {
      throw new IllegalArgumentException(
          "it has "
              + fields.size()
              + " fields, expected topic,partition,offset or group,topic,partition,offset");
    }
    boolean namesGroup = fields.size() == 4;
    int at = namesGroup ? 1 : 0;
    String topic = fields.get(at);
    if (topic.isEmpty()) {
      throw new IllegalArgumentException("the topic is empty");
    }
    TopicPartition partition =
        new TopicPartition(topic, (int) number("partition", fields.get(at + 1), Integer.MAX_VALUE));
    long offset = number("offset", fields.get(at + 2), Long.MAX_VALUE);
    for (String group : namesGroup ? groupOf(fields.get(0), groups) : only(groups)) {
      Long before =
          offsets
              .computeIfAbsent(group, id -> new LinkedHashMap<>())
              .putIfAbsent(partition, offset);
      if (before != null) {
        throw new IllegalArgumentException(partition + " is given twice");
      }
    }
  }

  private static List<String> groupOf(String group, List<String> groups) {
    if (!groups.isEmpty() && !groups.contains(group)) {
      throw new IllegalArgumentException("group '" + group + "' is not one of --group " + groups);
    }
    return List.of(group);
  }

  private static List<String> only(List<String> groups) {
    if (groups.size() != 1) {
      throw new IllegalArgumentException(
          "it names no group, which it must unless there is exactly one --group");
    }
    return groups;
  }

  private static long number(String what, String text, long max) {
    try {
      long number = Long.parseLong(text.strip());
      if (number >= 0 && number <= max) {
        return number;
      }
    } catch (NumberFormatException notANumber) {
      // said below
    }
    throw new IllegalArgumentException(
        "the " + what + " is '" + text + "', expected a number from 0 to " + max);
  }

  private static List<String> fields(String line) {
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"') {
        boolean isDoubled = quoted && i + 1 < line.length() && line.charAt(i + 1) == '"';
        if (isDoubled) {
          field.append(c);
          i++;
        } else {
          quoted = !quoted;
        }
      } else if (c == ',' && !quoted) {
        fields.add(field.toString());
        field.setLength(0);
      } else {
        field.append(c);
      }
    }
    if (quoted) {
      throw new IllegalArgumentException("a quote is not closed");
    }
    fields.add(field.toString());
    return fields;
  }

  /** One line without a group. */
  public static String line(TopicPartition partition, long offset) {
    return quoted(partition.topic()) + "," + partition.partition() + "," + offset;
  }

  /** One line with a group. */
  public static String line(String group, TopicPartition partition, long offset) {
    return quoted(group) + "," + line(partition, offset);
  }

  private static String quoted(String text) {
    boolean isPlain = text.indexOf(',') < 0 && text.indexOf('"') < 0 && text.equals(text.strip());
    return isPlain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
