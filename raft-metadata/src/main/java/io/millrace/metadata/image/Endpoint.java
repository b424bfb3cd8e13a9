package io.millrace.metadata.image;

/**
 * One address at which a broker serves clients or other brokers.
 *
 * @param listener the listener's name, such as {@code PLAINTEXT} or {@code INTERNAL}
 * @param host what clients are told to connect to
 * @param port 1 to 65535
 * @param securityProtocol Kafka's name: {@code PLAINTEXT}, {@code SSL}, {@code SASL_PLAINTEXT},
 *     {@code SASL_SSL}
 */
public record Endpoint(String listener, String host, int port, String securityProtocol) {

  public Endpoint {
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException(
          "port " + port + " of listener " + listener + " is outside 1..65535");
    }
  }
}
