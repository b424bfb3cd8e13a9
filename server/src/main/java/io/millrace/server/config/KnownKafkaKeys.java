package io.millrace.server.config;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The names of Kafka's broker configuration, to tell a key that Kafka has and we do not (a warning)
 * from a typing error (a refusal). Read only when a file holds a key that is not ours.
 */
final class KnownKafkaKeys {
  private static final String RESOURCE = "kafka-broker-keys.txt";

  private KnownKafkaKeys() {}

  static Set<String> names() {
    try (InputStream in = KnownKafkaKeys.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is missing from the jar");
      }
      return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .collect(Collectors.toUnmodifiableSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Keys that Kafka lets people put in front of others, one listener's settings, say. */
  static boolean isKafkaPrefix(String key) {
    return key.startsWith("listener.name.") || key.startsWith("config.providers.");
  }

  /**
   * The candidate that needs the fewest typing corrections, if that is few enough to be a guess
   * worth making.
   */
  static @Nullable String nearest(String key, Collection<String> candidates) {
    String best = null;
    int bestDistance = Math.max(2, key.length() / 4) + 1;
    for (String candidate : candidates) {
      int distance = distance(key, candidate);
      if (distance < bestDistance
          || (distance == bestDistance && best != null && candidate.compareTo(best) < 0)) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return best;
  }

  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] current = new int[b.length() + 1];
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replace = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replace, Math.min(previous[j], current[j - 1]) + 1);
      }
      previous = current;
    }
    return previous[b.length()];
  }
}
