package io.millrace.protocol.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameDecoderTest {

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void streamCutAnywhere_givesTheSameFrames(long seed) {
    // given
    Random random = new Random(seed);
    List<byte[]> frames = new ArrayList<>();
    ByteBuf stream = Unpooled.buffer();
    for (int i = 0; i < 20; i++) {
      byte[] frame = new byte[1 + random.nextInt(300)];
      random.nextBytes(frame);
      frames.add(frame);
      stream.writeInt(frame.length).writeBytes(frame);
    }

    // when
    EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(300));
    while (stream.isReadable()) {
      channel.writeInbound(
          stream.readBytes(Math.min(stream.readableBytes(), 1 + random.nextInt(50))));
    }

    // then
    for (byte[] frame : frames) {
      ByteBuf decoded = channel.readInbound();
      assertThat(ByteBufUtil.getBytes(decoded)).isEqualTo(frame);
      decoded.release();
    }
    assertThat(channel.inboundMessages()).isEmpty();
    channel.finishAndReleaseAll();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE, 1001, Integer.MAX_VALUE})
  void impossibleLength_endsTheStream(int length) {
    // given
    EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(1000));

    // then
    assertThatThrownBy(() -> channel.writeInbound(Unpooled.buffer().writeInt(length)))
        .isInstanceOf(BadFrameException.class)
        .hasMessageContaining("frame of " + length + " bytes");

    // and: whatever follows is dropped
    channel.writeInbound(Unpooled.buffer().writeInt(1).writeByte(1));
    assertThat(channel.inboundMessages()).isEmpty();
    channel.finishAndReleaseAll();
  }

  @Test
  void lengthAtTheLimit_isAFrame() {
    EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(10));
    channel.writeInbound(Unpooled.buffer().writeInt(10).writeZero(10));
    ByteBuf frame = channel.readInbound();
    assertThat(frame.readableBytes()).isEqualTo(10);
    frame.release();
    channel.finishAndReleaseAll();
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET / HTTP/1.1\r\n", "\u0016\u0003\u0001 hello", "SSH-2.0-x"})
  void otherProtocols_areNamed(String greeting) {
    EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(1 << 20));
    assertThatThrownBy(
            () ->
                channel.writeInbound(Unpooled.copiedBuffer(greeting, StandardCharsets.ISO_8859_1)))
        .isInstanceOf(BadFrameException.class)
        .hasMessageContaining("the peer speaks");
    channel.finishAndReleaseAll();
  }
}
