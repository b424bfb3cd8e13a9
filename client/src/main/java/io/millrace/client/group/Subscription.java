package io.millrace.client.group;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a member wants to read.
 *
 * @param topics by name; empty with a pattern
 * @param pattern RE2 syntax, evaluated by the broker; null for names
 */
public record Subscription(Set<String> topics, @Nullable String pattern) {

  public Subscription {
    topics = Set.copyOf(topics);
  }

  /** In a stable order, as it is sent. */
  List<String> sorted() {
    return List.copyOf(new TreeSet<>(topics));
  }
}
