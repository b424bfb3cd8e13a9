package io.millrace.protocol.message;

import io.millrace.protocol.codec.UnsupportedFieldException;
import java.nio.ByteBuffer;

/** What the generated messages share. */
final class WireFormat {

  static final ByteBuffer EMPTY_BYTES = ByteBuffer.allocate(0).asReadOnlyBuffer();

  private WireFormat() {}

  static void requireVersion(String type, short version, int low, int high) {
    if (version < low || version > high) {
      throw UnsupportedFieldException.version(type, version, low, high);
    }
  }

  static UnsupportedFieldException mayNotBeNull(String field, short version) {
    return new UnsupportedFieldException(field + " may not be null in version " + version);
  }

  static ByteBuffer readOnly(ByteBuffer bytes) {
    return bytes.isReadOnly() ? bytes : bytes.asReadOnlyBuffer();
  }
}
