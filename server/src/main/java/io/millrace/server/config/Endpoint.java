package io.millrace.server.config;

/**
 * A listener's name, host and port, written {@code NAME://host:port}. An empty host binds every
 * interface.
 *
 * @param port 0 lets the system choose, for tests
 */
public record Endpoint(String listener, String host, int port) {

  static final String FORM = "NAME://host:port";

  /**
   * Reads {@code NAME://host:port}; an IPv6 address stands in brackets.
   *
   * @throws ConfigException naming the key it came from
   */
  static Endpoint parse(String key, String text) {
    int scheme = text.indexOf("://");
    int colon = text.lastIndexOf(':');
    if (scheme < 1 || colon < scheme + 3) {
      throw ConfigException.badValue(key, text, "a comma-separated list of " + FORM);
    }
    String host = text.substring(scheme + 3, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    return new Endpoint(
        text.substring(0, scheme), host, parsePort(key, text, text.substring(colon + 1)));
  }

  static int parsePort(String key, String whole, String text) {
    try {
      int port = Integer.parseInt(text);
      if (port >= 0 && port <= 65535) {
        return port;
      }
    } catch (NumberFormatException notANumber) {
      // Falls through to the one message for both.
    }
    throw ConfigException.badValue(key, whole, "a port from 0 to 65535");
  }

  /** The host to bind: every interface when none is named. */
  public String bindHost() {
    return host.isEmpty() ? "0.0.0.0" : host;
  }

  @Override
  public String toString() {
    return listener + "://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
