package io.millrace.protocol.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import net.jpountz.lz4.LZ4FrameOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream.BLOCKSIZE;
import net.jpountz.lz4.LZ4FrameOutputStream.FLG;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xerial.snappy.Snappy;

/**
 * The codecs by themselves: the framings of clients that are not Java's, and claims that no bytes
 * can make true.
 */
class CompressionTest {

  private static final byte[] TEXT =
      "so much depends upon a red wheel barrow ".repeat(5000).getBytes(StandardCharsets.UTF_8);

  @ParameterizedTest
  @EnumSource(Compression.class)
  void anyBytes_comeBack(Compression compression) throws Exception {
    for (int size :
        new int[] {0, 1, 15, 16, 17, 1000, 32 << 10, 64 << 10, (64 << 10) + 1, 1 << 20}) {
      // given
      byte[] bytes = new byte[size];
      if (size % 2 == 0) {
        new Random(size).nextBytes(bytes);
      }

      // when
      ByteBuffer back = compression.decompress(compressed(compression, bytes), 1 << 20);

      // then
      assertThat(back).as("size %d", size).isEqualTo(ByteBuffer.wrap(bytes));
    }
  }

  @ParameterizedTest
  @EnumSource(value = Compression.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void directBuffers_andBuffersWithinOthers_areRead(Compression compression) throws Exception {
    // given
    ByteBuffer bytes = compressed(compression, TEXT);
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.remaining() + 20);
    direct.position(7);
    direct.put(bytes.duplicate()).limit(direct.position()).position(7);

    // then
    assertThat(compression.decompress(direct, TEXT.length)).isEqualTo(ByteBuffer.wrap(TEXT));
    assertThat(compression.decompress(direct.asReadOnlyBuffer(), TEXT.length))
        .isEqualTo(ByteBuffer.wrap(TEXT));
  }

  @ParameterizedTest
  @EnumSource(value = Compression.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void outputOverTheLimit_isRefused(Compression compression) throws Exception {
    ByteBuffer bytes = compressed(compression, TEXT);
    assertThatThrownBy(() -> compression.decompress(bytes, TEXT.length - 1))
        .isInstanceOf(CorruptRecordsException.class)
        .hasMessageContaining("more than " + (TEXT.length - 1));
  }

  @ParameterizedTest
  @EnumSource(value = Compression.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void truncatedAndMutatedBytes_areACleanError(Compression compression) throws Exception {
    byte[] whole = bytes(compressed(compression, TEXT));
    for (long seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      byte[] broken = java.util.Arrays.copyOf(whole, random.nextInt(whole.length));
      if (seed % 2 == 0) {
        broken = whole.clone();
        for (int i = 0; i < 3; i++) {
          broken[random.nextInt(random.nextBoolean() ? 20 : broken.length)] =
              (byte) random.nextInt();
        }
      }
      try {
        ByteBuffer out = compression.decompress(ByteBuffer.wrap(broken), 1 << 20);
        assertThat(out.remaining()).isLessThanOrEqualTo(1 << 20);
      } catch (CorruptRecordsException expected) {
        assertThat(expected).hasMessageContaining(compression.configValue());
      }
    }
  }

  @Test
  void bareSnappyBlock_isRead() throws Exception {
    ByteBuffer bare = ByteBuffer.wrap(Snappy.compress(TEXT));
    assertThat(Compression.SNAPPY.decompress(bare, TEXT.length)).isEqualTo(ByteBuffer.wrap(TEXT));
  }

  @Test
  void snappyBlockThatClaimsTooMuch_isRefusedBeforeAnythingIsAllocated() {
    // given: a preamble of 2 GiB in front of three bytes
    byte[] claim = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x07, 0, 0, 0};

    // then
    assertThatThrownBy(
            () -> Compression.SNAPPY.decompress(ByteBuffer.wrap(claim), Integer.MAX_VALUE))
        .isInstanceOf(CorruptRecordsException.class)
        .hasMessageContaining("snappy batch cannot be decompressed");
  }

  @Test
  void framesInARow_areReadAsOne() throws Exception {
    for (Compression compression :
        new Compression[] {
          Compression.GZIP, Compression.SNAPPY, Compression.LZ4, Compression.ZSTD
        }) {
      // given
      byte[] frame = bytes(compressed(compression, TEXT));
      ByteBuffer two = ByteBuffer.allocate(2 * frame.length).put(frame).put(frame).flip();

      // then
      assertThat(compression.decompress(two, 2 * TEXT.length).remaining())
          .as(compression.configValue())
          .isEqualTo(2 * TEXT.length);
    }
  }

  @Test
  void lz4WithLargeBlocksSizesAndChecksums_isRead() throws Exception {
    // given: what Go clients write
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream lz4 =
        new LZ4FrameOutputStream(
            out,
            BLOCKSIZE.SIZE_4MB,
            TEXT.length,
            FLG.Bits.BLOCK_INDEPENDENCE,
            FLG.Bits.CONTENT_CHECKSUM,
            FLG.Bits.CONTENT_SIZE,
            FLG.Bits.BLOCK_CHECKSUM)) {
      lz4.write(TEXT);
    }

    // then
    assertThat(Compression.LZ4.decompress(ByteBuffer.wrap(out.toByteArray()), TEXT.length))
        .isEqualTo(ByteBuffer.wrap(TEXT));
  }

  @Test
  void zstdWithTheContentsSize_isRead() {
    assertThat(Compression.ZSTD.decompress(ByteBuffer.wrap(Zstd.compress(TEXT, 19)), TEXT.length))
        .isEqualTo(ByteBuffer.wrap(TEXT));
  }

  @Test
  void levels_areChecked() {
    assertThat(Compression.ZSTD.checkLevel(Compression.DEFAULT_LEVEL)).isEqualTo(3);
    assertThatThrownBy(() -> Compression.GZIP.checkLevel(10))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("gzip has no level 10, allowed is 1 to 9");
    assertThatThrownBy(() -> Compression.forName("brotli")).hasMessageContaining("brotli");
  }

  private static ByteBuffer compressed(Compression compression, byte[] bytes) throws Exception {
    GrowingBytes out = new GrowingBytes(64);
    try (OutputStream codec =
        compression.compressing(out, compression.checkLevel(Compression.DEFAULT_LEVEL))) {
      codec.write(bytes);
    }
    return out.toByteBuffer();
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
