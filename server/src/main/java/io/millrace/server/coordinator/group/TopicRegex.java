package io.millrace.server.coordinator.group;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.image.TopicsImage;
import java.util.ArrayList;
import java.util.List;

/**
 * Topics by regular expression, in RE2's syntax: it matches in linear time, so no member can stop
 * the shard with an expression. Internal topics are never meant.
 */
final class TopicRegex {
  private static final String INTERNAL_PREFIX = "__";

  /** Bounds the time that one name takes, and the memory of the compiled expression. */
  private static final long MAX_SIZE = 5_000;

  private TopicRegex() {}

  static boolean isValid(String regex) {
    if (RegexSize.of(regex, MAX_SIZE) > MAX_SIZE) {
      return false;
    }
    try {
      Pattern.compile(regex);
      return true;
    } catch (PatternSyntaxException e) {
      return false;
    }
  }

  /** The names that match as a whole, in order. */
  static List<String> resolve(String regex, TopicsImage topics) {
    Pattern pattern = Pattern.compile(regex);
    List<String> names = new ArrayList<>();
    for (TopicImage topic : topics.byName()) {
      if (!topic.name().startsWith(INTERNAL_PREFIX) && pattern.matches(topic.name())) {
        names.add(topic.name());
      }
    }
    return names;
  }
}
