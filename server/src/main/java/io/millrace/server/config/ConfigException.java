package io.millrace.server.config;

/**
 * A configuration that no node can start with. The message is for the operator: it names key, value
 * and what is allowed.
 */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ConfigException(String message) {
    super(message);
  }

  static ConfigException badValue(String key, String value, String allowed) {
    return new ConfigException(key + "=" + value + " is not allowed: expected " + allowed);
  }
}
