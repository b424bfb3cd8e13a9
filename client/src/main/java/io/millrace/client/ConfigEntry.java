package io.millrace.client;

import org.jspecify.annotations.Nullable;

/**
 * A config and where its value comes from.
 *
 * @param value null when sensitive or unset
 * @param documentation a sentence, when it was asked for and the broker has one
 */
public record ConfigEntry(
    String name,
    @Nullable String value,
    Source source,
    boolean readOnly,
    boolean sensitive,
    @Nullable String documentation) {

  /** What set the value; the numbers are those of the wire. */
  public enum Source {
    UNKNOWN,
    TOPIC,
    DYNAMIC_BROKER,
    DYNAMIC_DEFAULT_BROKER,
    STATIC_BROKER,
    DEFAULT,
    DYNAMIC_BROKER_LOGGER,
    CLIENT_METRICS,
    GROUP;

    /** {@link #UNKNOWN} for numbers of newer brokers. */
    public static Source ofCode(int code) {
      return code >= 0 && code < values().length ? values()[code] : UNKNOWN;
    }
  }

  public boolean isDefault() {
    return source == Source.DEFAULT;
  }
}
