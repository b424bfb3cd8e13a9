package io.millrace.client;

import java.time.Duration;
import java.util.List;

/**
 * What every client needs to know; the names in properties are Kafka's. Immutable.
 *
 * @param bootstrapServers {@code bootstrap.servers}: brokers to ask first, each {@code host:port}
 * @param clientId {@code client.id}: how the client appears in the broker's logs
 * @param requestTimeout {@code request.timeout.ms}: how long one request may take before its
 *     connection is given up
 * @param apiTimeout {@code default.api.timeout.ms}: how long an operation may take with all its
 *     retries
 * @param metadataMaxAge {@code metadata.max.age.ms}: when to look for changes without a reason
 * @param reconnectBackoff {@code reconnect.backoff.ms}: the pause before a broker is tried again;
 *     doubles with each failure
 * @param reconnectBackoffMax {@code reconnect.backoff.max.ms}: its end
 * @param retryBackoff {@code retry.backoff.ms}: the pause before a request is repeated; doubles
 *     with each failure
 * @param retryBackoffMax {@code retry.backoff.max.ms}: its end
 * @param connectTimeout {@code socket.connection.setup.timeout.ms}: how long a connection may take
 *     to come up
 */
public record ClientConfig(
    List<String> bootstrapServers,
    String clientId,
    Duration requestTimeout,
    Duration apiTimeout,
    Duration metadataMaxAge,
    Duration reconnectBackoff,
    Duration reconnectBackoffMax,
    Duration retryBackoff,
    Duration retryBackoffMax,
    Duration connectTimeout) {

  public ClientConfig {
    bootstrapServers = List.copyOf(bootstrapServers);
    if (bootstrapServers.isEmpty()) {
      throw new IllegalArgumentException(
          "bootstrap.servers is not set; give at least one host:port");
    }
    bootstrapServers.forEach(ClientConfig::portOf);
    Checks.positive("request.timeout.ms", requestTimeout);
    Checks.positive("default.api.timeout.ms", apiTimeout);
    Checks.positive("metadata.max.age.ms", metadataMaxAge);
    Checks.positive("socket.connection.setup.timeout.ms", connectTimeout);
    Checks.notNegative("reconnect.backoff.ms", reconnectBackoff);
    Checks.notNegative("retry.backoff.ms", retryBackoff);
    Checks.ordered(
        "reconnect.backoff.ms", reconnectBackoff, "reconnect.backoff.max.ms", reconnectBackoffMax);
    Checks.ordered("retry.backoff.ms", retryBackoff, "retry.backoff.max.ms", retryBackoffMax);
  }

  /**
   * The host of an address; brackets of an IPv6 literal taken off.
   *
   * @throws IllegalArgumentException when it is not {@code host:port}
   */
  public static String hostOf(String address) {
    portOf(address);
    String host = address.substring(0, address.lastIndexOf(':'));
    return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
  }

  /**
   * The port of an address.
   *
   * @throws IllegalArgumentException when it is not {@code host:port}
   */
  public static int portOf(String address) {
    int colon = address.lastIndexOf(':');
    int port = -1;
    if (colon > 0) {
      try {
        port = Integer.parseInt(address.substring(colon + 1));
      } catch (NumberFormatException notANumber) {
        port = -1;
      }
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException(
          "bootstrap.servers: '" + address + "' is not host:port with a port of 1 to 65535");
    }
    return port;
  }
}
