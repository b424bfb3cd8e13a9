package io.millrace.protocol.record;

import java.io.Serial;

/**
 * Bytes that should be record batches and are not: lying sizes, a wrong checksum, a codec's
 * complaint.
 */
public final class CorruptRecordsException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  public CorruptRecordsException(String message) {
    super(message);
  }

  public CorruptRecordsException(String message, Throwable cause) {
    super(message, cause);
  }
}
