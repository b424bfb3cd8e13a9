package io.millrace.protocol.record;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4FrameInputStream;
import net.jpountz.lz4.LZ4FrameOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream.BLOCKSIZE;
import net.jpountz.lz4.LZ4FrameOutputStream.FLG;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;

/**
 * LZ4 frames, format 1.5.1: blocks of 64 KiB, each for itself, no block checksums, as Kafka's clients write them. Reads other
 * block sizes, content sizes and checksums too, and several frames in a row. Loads the native library when first used.
 */
final class Lz4Frames {

  /** The level up to which the fast compressor is used; Kafka's default level, 9, means the fast one there too. */
  private static final int FAST_LEVEL = 9;

  private Lz4Frames() {}

  static OutputStream output(OutputStream out, int level) throws IOException {
    LZ4Factory factory = LZ4Factory.fastestInstance();
    LZ4Compressor compressor = level == FAST_LEVEL ? factory.fastCompressor() : factory.highCompressor(level);
    XXHash32 hash = XXHashFactory.fastestInstance().hash32();
    return new LZ4FrameOutputStream(
        Codecs.uncloseable(out), BLOCKSIZE.SIZE_64KB, -1, compressor, hash, FLG.Bits.BLOCK_INDEPENDENCE);
  }

  static InputStream input(ByteBuffer in) throws IOException {
    LZ4Factory factory = LZ4Factory.fastestInstance();
    return new LZ4FrameInputStream(
        new ByteBufferInput(in), factory.safeDecompressor(), XXHashFactory.fastestInstance().hash32());
  }
}
