package io.millrace.protocol.record;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyOutputStream;

/**
 * Snappy as Kafka's Java client has framed it from the first day, and every other client after it:
 *
 * <pre>
 *   0x82 'S' 'N' 'A' 'P' 'P' 'Y' 0x00 | int version = 1 | int compatible = 1 | { int length | snappy block } ...
 * </pre>
 *
 * <p>Some clients send one bare block without the frame; that is read too. Reading is ours rather
 * than the library's stream: a block's memory is bounded by what its bytes can become, not by what
 * they claim.
 */
final class SnappyFrames {

  private static final byte[] MAGIC = {(byte) 0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
  private static final int FRAME_HEADER_BYTES = 16;

  /** No element of the format makes more than 64 bytes out of 3, nor a byte out of nothing. */
  private static final int MAX_RATIO = 22;

  private SnappyFrames() {}

  static OutputStream output(OutputStream out) {
    return new SnappyOutputStream(Codecs.uncloseable(out));
  }

  static InputStream input(ByteBuffer in) {
    return new BlockInput(in);
  }

  private static boolean startsFrame(ByteBuffer in) {
    if (in.remaining() < FRAME_HEADER_BYTES) {
      return false;
    }
    for (int i = 0; i < MAGIC.length; i++) {
      if (in.get(in.position() + i) != MAGIC[i]) {
        return false;
      }
    }
    return true;
  }

  private static final class BlockInput extends BlockInputStream {
    private final ByteBuffer in;
    private final boolean framed;
    private byte[] compressed = new byte[0];

    BlockInput(ByteBuffer in) {
      this.in = in;
      this.framed = startsFrame(in);
    }

    @Override
    boolean nextBlock() throws IOException {
      do {
        while (framed && startsFrame(in)) { // frames may follow one another
          in.position(in.position() + FRAME_HEADER_BYTES);
        }
        if (!in.hasRemaining()) {
          return false;
        }
        int length = in.remaining();
        if (framed) {
          if (length < Integer.BYTES) {
            throw new IOException("snappy block length is cut short");
          }
          length = in.getInt();
          if (length < 0 || length > in.remaining()) {
            throw new IOException(
                "snappy block claims " + length + " bytes, " + in.remaining() + " left");
          }
        }
        decompress(length);
      } while (limit == 0);
      return true;
    }

    private void decompress(int length) throws IOException {
      if (compressed.length < length) {
        compressed = new byte[length];
      }
      in.get(compressed, 0, length);
      int size = length == 0 ? 0 : Snappy.uncompressedLength(compressed, 0, length);
      if (size < 0 || size > (long) length * MAX_RATIO) {
        throw new IOException(
            "snappy block of "
                + length
                + " bytes claims to become "
                + Integer.toUnsignedString(size));
      }
      if (block.length < size) {
        block = Arrays.copyOf(block, size);
      }
      limit = size == 0 ? 0 : Snappy.uncompress(compressed, 0, length, block, 0);
    }
  }
}
