package io.millrace.protocol.record;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4FrameOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream.BLOCKSIZE;
import net.jpountz.lz4.LZ4FrameOutputStream.FLG;
import net.jpountz.lz4.LZ4SafeDecompressor;
import net.jpountz.xxhash.StreamingXXHash32;
import net.jpountz.xxhash.XXHashFactory;
import org.jspecify.annotations.Nullable;

/**
 * LZ4 frames, format 1.5.1: blocks of 64 KiB, each for itself, no block checksums, as Kafka's
 * clients write them. Reads other block sizes, content sizes and checksums too, and several frames
 * in a row.
 *
 * <pre>
 *   int magic | FLG | BD | [long content size] | header checksum | { int size, block, [int checksum] } ... | int 0 | [int checksum]
 * </pre>
 *
 * <p>Reading is ours rather than the library's stream, which allocates twice the frame's largest
 * block at once: 8 MiB for each of the small batches that Go clients send. Loads the native library
 * when first used.
 */
final class Lz4Frames {

  private static final int MAGIC = 0x184D2204;
  private static final int VERSION = 1;
  private static final int MAX_HEADER_BYTES = 2 + 8; // what the header's checksum covers
  private static final int STORED_BIT = 1 << 31;

  /** A block's bytes become at most so many times more. */
  private static final long MAX_RATIO = 255;

  /**
   * The level up to which the fast compressor is used; Kafka's default level, 9, means the fast one
   * there too.
   */
  private static final int FAST_LEVEL = 9;

  private Lz4Frames() {}

  static OutputStream output(OutputStream out, int level) throws IOException {
    LZ4Factory factory = LZ4Factory.fastestInstance();
    LZ4Compressor compressor =
        level == FAST_LEVEL ? factory.fastCompressor() : factory.highCompressor(level);
    return new LZ4FrameOutputStream(
        Codecs.uncloseable(out),
        BLOCKSIZE.SIZE_64KB,
        -1,
        compressor,
        XXHashFactory.fastestInstance().hash32(),
        FLG.Bits.BLOCK_INDEPENDENCE);
  }

  static InputStream input(ByteBuffer in) {
    return new FrameInput(in.slice().order(ByteOrder.LITTLE_ENDIAN));
  }

  private static final class FrameInput extends BlockInputStream {
    private final ByteBuffer in;
    private final LZ4SafeDecompressor decompressor =
        LZ4Factory.fastestInstance().safeDecompressor();
    private final XXHashFactory hashes = XXHashFactory.fastestInstance();
    private byte[] compressed = new byte[0];

    private boolean inFrame;
    private int maxBlockBytes;
    private boolean blockChecksums;
    private @Nullable StreamingXXHash32 contentHash;
    private long contentSize; // -1: not told
    private long contentBytes;

    FrameInput(ByteBuffer in) {
      this.in = in;
    }

    @Override
    boolean nextBlock() throws IOException {
      while (limit == 0) {
        if (!inFrame) {
          if (!in.hasRemaining()) {
            return false;
          }
          readHeader();
        }
        int size = readInt();
        if (size == 0) {
          endFrame();
        } else {
          readBlock(size & ~STORED_BIT, (size & STORED_BIT) != 0);
        }
      }
      return true;
    }

    private void readHeader() throws IOException {
      if (readInt() != MAGIC) {
        throw new IOException("no LZ4 frame begins here");
      }
      require(2);
      int start = in.position();
      int flags = in.get() & 0xff;
      int descriptor = in.get() & 0xff;
      int blockSizeId = (descriptor >>> 4) & 0x7;
      if (flags >>> 6 != VERSION
          || (flags & 0x02) != 0
          || (descriptor & 0x8f) != 0
          || blockSizeId < 4) {
        throw new IOException(
            "LZ4 frame descriptor 0x"
                + Integer.toHexString(flags << 8 | descriptor)
                + " is not of version 1");
      }
      if ((flags & 0x20) == 0) {
        throw new IOException("LZ4 blocks that depend on one another are not supported");
      }
      if ((flags & 0x01) != 0) {
        throw new IOException("LZ4 dictionaries are not supported");
      }
      maxBlockBytes = 1 << (8 + 2 * blockSizeId);
      blockChecksums = (flags & 0x10) != 0;
      contentHash = (flags & 0x04) != 0 ? hashes.newStreamingHash32(0) : null;
      contentBytes = 0;
      contentSize = -1;
      if ((flags & 0x08) != 0) {
        require(8);
        contentSize = in.getLong();
      }
      require(1);
      byte[] header = new byte[MAX_HEADER_BYTES];
      int headerBytes = in.position() - start;
      in.get(start, header, 0, headerBytes);
      if ((byte) (hashes.hash32().hash(header, 0, headerBytes, 0) >>> 8) != in.get()) {
        throw new IOException("LZ4 frame header has a wrong checksum");
      }
      inFrame = true;
    }

    private void readBlock(int size, boolean stored) throws IOException {
      if (size > maxBlockBytes) {
        throw new IOException(
            "LZ4 block claims " + size + " bytes, its frame allows " + maxBlockBytes);
      }
      require(size);
      if (stored) {
        block = atLeast(block, size);
        in.get(block, 0, size);
        checkBlock(block, size);
        limit = size;
      } else {
        compressed = atLeast(compressed, size);
        in.get(compressed, 0, size);
        checkBlock(compressed, size);
        int most = (int) Math.min(maxBlockBytes, MAX_RATIO * size);
        block = atLeast(block, most);
        limit = decompressor.decompress(compressed, 0, size, block, 0, most);
      }
      contentBytes += limit;
      if (contentHash != null) {
        contentHash.update(block, 0, limit);
      }
    }

    private void checkBlock(byte[] bytes, int size) throws IOException {
      if (blockChecksums && readInt() != hashes.hash32().hash(bytes, 0, size, 0)) {
        throw new IOException("LZ4 block has a wrong checksum");
      }
    }

    private void endFrame() throws IOException {
      inFrame = false;
      if (contentHash != null && readInt() != contentHash.getValue()) {
        throw new IOException("LZ4 content has a wrong checksum");
      }
      if (contentSize != -1 && contentSize != contentBytes) {
        throw new IOException("LZ4 frame claims " + contentSize + " bytes and has " + contentBytes);
      }
    }

    private int readInt() throws IOException {
      require(Integer.BYTES);
      return in.getInt();
    }

    private void require(int bytes) throws IOException {
      if (in.remaining() < bytes) {
        throw new IOException(
            "LZ4 frame needs " + bytes + " bytes more, " + in.remaining() + " left");
      }
    }

    private static byte[] atLeast(byte[] buffer, int size) {
      return buffer.length >= size ? buffer : new byte[size];
    }
  }
}
