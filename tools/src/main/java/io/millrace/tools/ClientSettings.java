package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.ClientBuilder;
import io.millrace.client.Consumer;
import io.millrace.client.Producer;
import io.millrace.server.config.KnownKafkaKeys;
import io.millrace.server.config.Spelling;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a command says of client settings that have no effect: a name that nobody knows is an error,
 * one of Kafka's that this client does not heed is named in a warning. The same rule as for a
 * node's file.
 */
final class ClientSettings {

  private static final String RESOURCE = "client-keys.txt";

  private ClientSettings() {}

  /**
   * Looks at what a builder was given.
   *
   * @param byFlag the keys that the command line names for this very client; the others come from a
   *     file that producers, consumers and administration may share
   */
  static void check(ClientBuilder<?> builder, Map<String, String> byFlag, PrintWriter err) {
    Set<String> idle = new TreeSet<>(builder.settingsWithoutEffect());
    if (idle.isEmpty()) {
      return;
    }
    Set<String> known = KnownKafkaKeys.read(ClientSettings.class, RESOURCE);
    for (String key : idle) {
      if (!known.contains(key) && !key.startsWith("config.providers.")) {
        String guess = Spelling.nearest(key, known);
        throw new CommandFailure(
            ExitCode.USAGE,
            "there is no client setting "
                + key
                + (guess == null ? "" : ", did you mean " + guess + "?"),
            null);
      }
    }
    idle.removeIf(key -> !byFlag.containsKey(key) && isForSomeClient(key));
    if (!idle.isEmpty()) {
      err.println("millrace: without effect here: " + String.join(", ", idle));
    }
  }

  private static boolean isForSomeClient(String key) {
    return hasEffect(Producer.builder(), key)
        || hasEffect(Consumer.builder(), key)
        || hasEffect(Admin.builder(), key);
  }

  private static boolean hasEffect(ClientBuilder<?> builder, String key) {
    try {
      return builder.properties(Map.of(key, "")).settingsWithoutEffect().isEmpty();
    } catch (IllegalArgumentException noValue) {
      return true; // it was looked at
    }
  }
}
