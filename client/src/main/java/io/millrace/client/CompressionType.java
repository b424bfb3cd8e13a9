package io.millrace.client;

import java.util.Arrays;
import java.util.Locale;

/** How a producer compresses its batches; brokers keep them as they came. */
public enum CompressionType {
  NONE,
  GZIP,
  SNAPPY,
  LZ4,
  ZSTD;

  /** Reads Kafka's lower-case names. */
  public static CompressionType parse(String text) {
    for (CompressionType type : values()) {
      if (type.name().toLowerCase(Locale.ROOT).equals(text.trim())) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "compression.type '"
            + text
            + "' is none of "
            + Arrays.toString(values()).toLowerCase(Locale.ROOT));
  }
}
