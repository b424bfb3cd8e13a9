package io.millrace.protocol.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.codec.WireWriter;
import io.millrace.protocol.record.FileRecords;
import io.millrace.protocol.record.MemoryRecords;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import java.io.DataInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class OutboundFrameWriterTest {

  @Test
  void frameOfBuffersAndFileRegions_arrivesWholeAndTheFileStaysOpen(@TempDir Path directory)
      throws Exception {
    // given: a file of which the middle is sent, between buffers
    byte[] content = new byte[1 << 20];
    new Random(1).nextBytes(content);
    Path path = Files.write(directory.resolve("records.log"), content);
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
        NetworkLoops loops = new NetworkLoops("frame-writer-test", 1)) {
      Channel listener = listen(loops, file, content);
      int port = ((InetSocketAddress) listener.localAddress()).getPort();

      for (int round = 0; round < 2; round++) {
        // when
        byte[] frame;
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
          DataInputStream in = new DataInputStream(socket.getInputStream());
          frame = new byte[in.readInt()];
          in.readFully(frame);
        }

        // then
        ByteBuffer expected = ByteBuffer.allocate(4 + 900_000 + 4 + 2000);
        expected.putInt(1).put(content, 1000, 900_000).putInt(2).put(content, 0, 2000).flip();
        assertThat(ByteBuffer.wrap(frame)).isEqualTo(expected);
        assertThat(file.isOpen()).isTrue();
      }
    }
  }

  private static Channel listen(NetworkLoops loops, FileChannel file, byte[] content)
      throws Exception {
    return new ServerBootstrap()
        .group(loops.group())
        .channel(loops.serverChannelType())
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                channel
                    .pipeline()
                    .addLast(OutboundFrameWriter.INSTANCE, new Greeter(file, content));
              }
            })
        .bind(InetAddress.getLoopbackAddress(), 0)
        .sync()
        .channel();
  }

  /** Sends one frame to whoever connects. */
  private static final class Greeter extends ChannelInboundHandlerAdapter {
    private final FileChannel file;
    private final byte[] content;

    Greeter(FileChannel file, byte[] content) {
      this.file = file;
      this.content = content;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      WireWriter out = new WireWriter(ctx.alloc());
      out.writeInt(1);
      new FileRecords(file, 1000, 900_000).writeTo(out);
      out.writeInt(2);
      MemoryRecords.wrap(ByteBuffer.wrap(content, 0, 2000)).writeTo(out);
      ctx.writeAndFlush(out.finish());
    }
  }
}
