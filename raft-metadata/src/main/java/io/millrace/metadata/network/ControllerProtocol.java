package io.millrace.metadata.network;

import com.google.protobuf.MessageLite;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * How bytes look on the controller port.
 *
 * <pre>
 *   opener:  "MILLRAC1"  { length:int32  Request }*
 *   voter:               { length:int32  Response }*
 *
 *   or, from Ratis on another voter, HTTP/2 from its first byte on: "PRI * HTTP/2.0..."
 * </pre>
 */
final class ControllerProtocol {

  /** What an opener of ours says first; as long as what is looked at of HTTP/2's preface. */
  static final byte[] MAGIC = "MILLRAC1".getBytes(StandardCharsets.US_ASCII);

  static final byte[] HTTP2_PREFACE = "PRI * HT".getBytes(StandardCharsets.US_ASCII);

  /** A longer request ends the connection: no request of ours comes near. */
  static final int MAX_REQUEST_BYTES = 8 << 20;

  /** A longer answer or event ends the connection; one transaction carries 3 MB at most. */
  static final int MAX_RESPONSE_BYTES = 32 << 20;

  private ControllerProtocol() {}

  static ByteBuf frame(ByteBufAllocator allocator, MessageLite message) {
    int size = message.getSerializedSize();
    ByteBuf frame = allocator.buffer(4 + size);
    frame.writeInt(size);
    try {
      message.writeTo(new ByteBufOutputStream(frame));
    } catch (IOException impossible) {
      frame.release();
      throw new UncheckedIOException(impossible);
    }
    return frame;
  }
}
