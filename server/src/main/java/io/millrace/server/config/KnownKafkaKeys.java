package io.millrace.server.config;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The names of Kafka's broker configuration, to tell a key that Kafka has and we do not (a warning)
 * from a typing error (a refusal). Read only when a file holds a key that is not ours.
 */
public final class KnownKafkaKeys {
  private static final String RESOURCE = "kafka-broker-keys.txt";

  private KnownKafkaKeys() {}

  static Set<String> names() {
    return read(KnownKafkaKeys.class, RESOURCE);
  }

  /** The names in a resource beside a class: one a line, but for comments that begin with #. */
  public static Set<String> read(Class<?> home, String resource) {
    try (InputStream in = home.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is missing from the jar");
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
}
