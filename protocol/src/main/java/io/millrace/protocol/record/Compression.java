package io.millrace.protocol.record;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The codecs of record batches, in the framings that Kafka's clients write and read: gzip members,
 * xerial snappy blocks, LZ4 frames of independent blocks, zstd frames.
 *
 * <p>The libraries behind lz4, snappy and zstd are touched only when a batch needs them, each by a
 * class of its own, so that a broker that never meets such a batch never unpacks a native library.
 * Any thread.
 */
public enum Compression {
  NONE(0, 0, 0, 0) {
    @Override
    OutputStream compressing(OutputStream out, int level) {
      return out;
    }

    @Override
    InputStream decompressing(ByteBuffer in) {
      return new ByteBufferInput(in);
    }
  },
  GZIP(1, 1, 9, 6) {
    @Override
    OutputStream compressing(OutputStream out, int level) throws IOException {
      return Codecs.gzipOutput(out, level);
    }

    @Override
    InputStream decompressing(ByteBuffer in) throws IOException {
      return Codecs.gzipInput(new ByteBufferInput(in));
    }
  },
  SNAPPY(2, 0, 0, 0) {
    @Override
    OutputStream compressing(OutputStream out, int level) throws IOException {
      return SnappyFrames.output(out);
    }

    @Override
    InputStream decompressing(ByteBuffer in) throws IOException {
      return SnappyFrames.input(in);
    }
  },
  LZ4(3, 1, 17, 9) {
    @Override
    OutputStream compressing(OutputStream out, int level) throws IOException {
      return Lz4Frames.output(out, level);
    }

    @Override
    InputStream decompressing(ByteBuffer in) throws IOException {
      return Lz4Frames.input(in);
    }
  },
  ZSTD(4, -131072, 22, 3) {
    @Override
    OutputStream compressing(OutputStream out, int level) throws IOException {
      return ZstdFrames.output(out, level);
    }

    @Override
    InputStream decompressing(ByteBuffer in) throws IOException {
      return ZstdFrames.input(new ByteBufferInput(in));
    }
  };

  /** Bytes that one batch may grow to when it is decompressed; beyond it the batch is refused. */
  public static final int DEFAULT_MAX_DECOMPRESSED_BYTES = 128 << 20;

  /** The level that stands for the codec's own default. */
  public static final int DEFAULT_LEVEL = Integer.MIN_VALUE;

  private static final Compression[] BY_ID = values();

  private final int id;
  private final int minLevel;
  private final int maxLevel;
  private final int defaultLevel;

  Compression(int id, int minLevel, int maxLevel, int defaultLevel) {
    this.id = id;
    this.minLevel = minLevel;
    this.maxLevel = maxLevel;
    this.defaultLevel = defaultLevel;
  }

  /** The codec's number in a batch's attributes. */
  public int id() {
    return id;
  }

  /** The name that {@code compression.type} has for it. */
  public String configValue() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static @Nullable Compression forId(int id) {
    return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
  }

  /**
   * @throws IllegalArgumentException when the name is none of none, gzip, snappy, lz4, zstd
   */
  public static Compression forName(String name) {
    for (Compression compression : BY_ID) {
      if (compression.configValue().equals(name)) {
        return compression;
      }
    }
    throw new IllegalArgumentException(
        "unknown compression type '" + name + "', expected one of none, gzip, snappy, lz4, zstd");
  }

  /**
   * @return the level to use for what a configuration says
   * @throws IllegalArgumentException when the codec has no such level
   */
  public int checkLevel(int level) {
    if (level == DEFAULT_LEVEL) {
      return defaultLevel;
    }
    if (level < minLevel || level > maxLevel) {
      throw new IllegalArgumentException(
          configValue()
              + " has no level "
              + level
              + ", allowed is "
              + minLevel
              + " to "
              + maxLevel);
    }
    return level;
  }

  /**
   * A stream whose {@code close} completes the frame and leaves {@code out} open.
   *
   * @param level one that {@link #checkLevel} returned
   */
  abstract OutputStream compressing(OutputStream out, int level) throws IOException;

  /**
   * A stream of what the bytes between {@code in}'s position and limit decompress to. Holds a small
   * multiple of the codec's block in memory, whatever the bytes claim. Close it, for native memory.
   */
  abstract InputStream decompressing(ByteBuffer in) throws IOException;

  /**
   * Decompresses as a whole. Memory grows with what really comes out, never with what the bytes
   * claim.
   *
   * @param in from position to limit; not moved
   * @return positioned at the first byte
   * @throws CorruptRecordsException when the bytes are not of this codec, or become more than
   *     {@code maxBytes}
   */
  public ByteBuffer decompress(ByteBuffer in, int maxBytes) {
    if (this == NONE) {
      return in.slice();
    }
    try (InputStream source = decompressing(in.slice())) {
      GrowingBytes out =
          new GrowingBytes((int) Math.min(maxBytes, Math.max(512L, 3L * in.remaining())));
      while (out.transferFrom(source, maxBytes)) {
        // until the end of the stream, or a byte beyond the limit
      }
      if (out.size() > maxBytes) {
        throw new CorruptRecordsException(
            configValue()
                + " batch of "
                + in.remaining()
                + " bytes decompresses to more than "
                + maxBytes);
      }
      return out.toByteBuffer();
    } catch (IOException | RuntimeException e) {
      if (e instanceof CorruptRecordsException corrupt) {
        throw corrupt;
      }
      throw new CorruptRecordsException(
          configValue() + " batch cannot be decompressed: " + e.getMessage(), e);
    }
  }
}
