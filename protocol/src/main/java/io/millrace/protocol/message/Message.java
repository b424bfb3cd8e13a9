package io.millrace.protocol.message;

import io.millrace.protocol.codec.WireWriter;

/**
 * Anything that the protocol has a versioned schema for. Immutable, but for the reference counts of
 * its records.
 */
public interface Message {

  /**
   * Writes the body.
   *
   * @throws io.millrace.protocol.codec.UnsupportedFieldException when the version cannot carry a
   *     value that is set and that matters
   */
  void write(WireWriter out, short version);

  /** Gives back the records that the message holds. Does nothing for a message without records. */
  default void release() {}
}
