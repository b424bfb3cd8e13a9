package io.millrace.protocol.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.DefaultFileRegion;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WireWriterTest {

  private final WireWriter out = new WireWriter(UnpooledByteBufAllocator.DEFAULT, 16);

  @Test
  void frame_beginsWithItsLength() {
    out.writeString("ab", false);

    OutboundFrame frame = out.finish();

    assertThat(frame.sizeInBytes()).isEqualTo(8);
    assertThat(hexAndRelease(frame)).isEqualTo("00000004" + "0002" + "6162");
  }

  @Test
  void largeBuffer_isSentInPlace_betweenTheBytesAroundIt() {
    ByteBuf large = Unpooled.buffer().writeZero(5000);
    out.writeByte((byte) 1);
    out.append(large.retainedDuplicate());
    out.writeByte((byte) 2);
    out.append(large.retainedDuplicate());

    OutboundFrame frame = out.finish();

    assertThat(frame.pieces()).hasSize(4);
    assertThat(hexAndRelease(frame))
        .isEqualTo("00002712" + "01" + "00".repeat(5000) + "02" + "00".repeat(5000));
    assertThat(large.refCnt()).isEqualTo(1);
  }

  @Test
  void smallBuffer_isCopied() {
    ByteBuf small = Unpooled.copiedBuffer(new byte[] {1, 2, 3});
    out.append(small.retainedDuplicate());

    assertThat(small.refCnt()).isEqualTo(1);
    assertThat(hexAndRelease(out.finish())).isEqualTo("00000003" + "010203");
  }

  @Test
  void fileRegion_isSentInPlace(@TempDir Path directory) throws IOException {
    Path file = Files.write(directory.resolve("segment"), new byte[] {9, 8, 7, 6, 5});
    try (FileChannel channel = FileChannel.open(file)) {
      out.writeByte((byte) 1);
      out.appendPiece(new DefaultFileRegion(channel, 1, 3), 3);
      out.writeByte((byte) 2);

      assertThat(hexAndRelease(out.finish())).isEqualTo("00000005" + "01" + "080706" + "02");
    }
  }

  @Test
  void releasedWriter_givesEverythingBack() {
    ByteBuf large = Unpooled.buffer().writeZero(5000);
    out.append(large.retainedDuplicate());

    out.release();

    assertThat(large.refCnt()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 127, 128, 300, 16_383, 16_384, 70_000})
  void taggedFieldOfAnySize_hasItsLengthInFront(int size) {
    out.writeByte((byte) 7);
    int mark = out.beginTaggedField(3);
    for (int i = 0; i < size; i++) {
      out.writeByte((byte) i);
    }
    out.endTaggedField(mark);
    out.writeByte((byte) 7);

    ByteBuf written = out.finishBare();
    WireReader in = new WireReader(written);
    assertThat(in.readByte()).isEqualTo((byte) 7);
    assertThat(in.readUnsignedVarint()).isEqualTo(3);
    int end = in.beginTaggedField();
    for (int i = 0; i < size; i++) {
      assertThat(in.readByte()).isEqualTo((byte) i);
    }
    in.endTaggedField(end);
    assertThat(in.readByte()).isEqualTo((byte) 7);
    assertThat(in.remaining()).isZero();
    written.release();
  }

  @Test
  void stringLongerThanTheProtocolAllows_isRefused() {
    assertThatThrownBy(() -> out.writeString("x".repeat(32_768), true))
        .isInstanceOf(UnsupportedFieldException.class);
    out.release();
  }

  @Test
  void unsignedValueOutOfRange_isRefused() {
    assertThatThrownBy(() -> out.writeUnsignedShort(-1))
        .isInstanceOf(UnsupportedFieldException.class);
    assertThatThrownBy(() -> out.writeUnsignedInt(1L << 32))
        .isInstanceOf(UnsupportedFieldException.class);
    out.release();
  }

  private static String hexAndRelease(OutboundFrame frame) {
    ByteBuf whole = frame.toBuffer(UnpooledByteBufAllocator.DEFAULT);
    try {
      return ByteBufUtil.hexDump(whole);
    } finally {
      whole.release();
    }
  }
}
