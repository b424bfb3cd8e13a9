package io.millrace.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Settings that all three kinds of client share. One builder, one thread.
 *
 * @param <B> the kind of builder, for chaining
 */
public abstract sealed class ClientBuilder<B extends ClientBuilder<B>>
    permits ProducerBuilder, ConsumerBuilder, AdminBuilder {

  private static final AtomicInteger NEXT_ID = new AtomicInteger(1);

  private final String kind;
  private List<String> bootstrapServers = List.of();
  private String clientId = "";
  private Duration requestTimeout = Duration.ofSeconds(30);
  private Duration apiTimeout = Duration.ofSeconds(60);
  private Duration metadataMaxAge = Duration.ofMinutes(5);
  private Duration reconnectBackoff = Duration.ofMillis(50);
  private Duration reconnectBackoffMax = Duration.ofSeconds(1);
  private Duration retryBackoff = Duration.ofMillis(50);
  private Duration retryBackoffMax = Duration.ofSeconds(1);
  private Duration connectTimeout = Duration.ofSeconds(10);
  private final Set<String> withoutEffect = new TreeSet<>();

  ClientBuilder(String kind) {
    this.kind = kind;
  }

  abstract B self();

  /** Reads one key of its own; the shared ones are not asked. */
  abstract boolean applyOwn(String key, PropertyText value);

  /** Brokers to ask first; each {@code host:port}, or several with commas between. */
  public B bootstrapServers(String... addresses) {
    List<String> parsed = new ArrayList<>();
    for (String entry : addresses) {
      Arrays.stream(entry.split(",", -1))
          .map(String::trim)
          .filter(address -> !address.isEmpty())
          .forEach(parsed::add);
    }
    bootstrapServers = parsed;
    return self();
  }

  /** How the client appears in the broker's logs; by default numbered. */
  public B clientId(String id) {
    clientId = id;
    return self();
  }

  public B requestTimeout(Duration timeout) {
    requestTimeout = timeout;
    return self();
  }

  /** How long an operation may take with all its retries. */
  public B apiTimeout(Duration timeout) {
    apiTimeout = timeout;
    return self();
  }

  public B metadataMaxAge(Duration age) {
    metadataMaxAge = age;
    return self();
  }

  /** The pause before a broker is tried again: the first, and what it grows to. */
  public B reconnectBackoff(Duration first, Duration most) {
    reconnectBackoff = first;
    reconnectBackoffMax = most;
    return self();
  }

  /** The pause before a request is repeated: the first, and what it grows to. */
  public B retryBackoff(Duration first, Duration most) {
    retryBackoff = first;
    retryBackoffMax = most;
    return self();
  }

  public B connectTimeout(Duration timeout) {
    connectTimeout = timeout;
    return self();
  }

  /**
   * Takes settings by Kafka's names. Keys that have no effect here are named in one warning in the
   * log, and never ignored in silence.
   *
   * @throws IllegalArgumentException when a value cannot be read; names key, value and what is
   *     allowed
   */
  public B properties(Properties properties) {
    return properties(PropertyText.toMap(properties));
  }

  /** As {@link #properties(Properties)}. */
  public B properties(Map<String, ?> settings) {
    List<String> unused = new ArrayList<>();
    settings.forEach(
        (key, value) -> {
          PropertyText text = new PropertyText(key, String.valueOf(value));
          if (!applyShared(key, text) && !applyOwn(key, text)) {
            unused.add(key);
          }
        });
    if (!unused.isEmpty()) {
      withoutEffect.addAll(unused);
      PropertyText.warnUnused(kind, unused);
    }
    return self();
  }

  /** The keys that {@link #properties} was given and that have no effect here. */
  public Set<String> settingsWithoutEffect() {
    return Set.copyOf(withoutEffect);
  }

  private boolean applyShared(String key, PropertyText value) {
    switch (key) {
      case "bootstrap.servers" -> bootstrapServers(value.text());
      case "client.id" -> clientId = value.text();
      case "request.timeout.ms" -> requestTimeout = value.millis();
      case "default.api.timeout.ms" -> apiTimeout = value.millis();
      case "metadata.max.age.ms" -> metadataMaxAge = value.millis();
      case "reconnect.backoff.ms" -> reconnectBackoff = value.millis();
      case "reconnect.backoff.max.ms" -> reconnectBackoffMax = value.millis();
      case "retry.backoff.ms" -> retryBackoff = value.millis();
      case "retry.backoff.max.ms" -> retryBackoffMax = value.millis();
      case "socket.connection.setup.timeout.ms" -> connectTimeout = value.millis();
      case "security.protocol" -> requirePlaintext(value);
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Who asks for encryption must not get a connection without. */
  private static void requirePlaintext(PropertyText value) {
    if (!value.text().trim().equalsIgnoreCase("PLAINTEXT")) {
      throw new IllegalArgumentException(
          value.key() + " is '" + value.text() + "', must be PLAINTEXT: this client has no other");
    }
  }

  ClientConfig clientConfig() {
    String id =
        clientId.isEmpty() ? "millrace-" + kind + "-" + NEXT_ID.getAndIncrement() : clientId;
    return new ClientConfig(
        bootstrapServers,
        id,
        requestTimeout,
        apiTimeout,
        metadataMaxAge,
        reconnectBackoff,
        max(reconnectBackoff, reconnectBackoffMax),
        retryBackoff,
        max(retryBackoff, retryBackoffMax),
        connectTimeout);
  }

  private static Duration max(Duration one, Duration other) {
    return one.compareTo(other) >= 0 ? one : other;
  }
}
