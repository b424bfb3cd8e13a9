package io.millrace.protocol.network;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.codec.OutboundFrame;
import io.millrace.protocol.codec.WireReader;
import io.millrace.protocol.codec.WireWriter;
import io.millrace.protocol.message.ApiVersionsResponse;
import io.millrace.protocol.message.ApiVersionsResponse.ApiVersion;
import io.millrace.protocol.message.Message;
import io.millrace.protocol.message.RequestHeader;
import io.millrace.protocol.message.ResponseHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A peer on a plain socket that answers each frame as the test says; one connection after another.
 */
final class ScriptedPeer implements AutoCloseable {

  /** What the peer does with a request. */
  interface Script {
    void answer(Request request, OutputStream out) throws IOException;
  }

  /** One request as it came. */
  record Request(ApiKey key, short version, int correlationId, String clientId) {}

  final LinkedBlockingQueue<Request> requests = new LinkedBlockingQueue<>();
  private final ServerSocket server;
  private final Script script;

  ScriptedPeer(Script script) throws IOException {
    this.script = script;
    this.server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(this::serve, "scripted-peer");
    thread.setDaemon(true);
    thread.start();
  }

  int port() {
    return server.getLocalPort();
  }

  Request next() throws InterruptedException {
    return Objects.requireNonNull(requests.poll(10, TimeUnit.SECONDS), "no request came");
  }

  private void serve() {
    while (!server.isClosed()) {
      try (Socket socket = server.accept()) {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        while (true) {
          byte[] frame = new byte[in.readInt()];
          in.readFully(frame);
          ByteBuf bytes = Unpooled.wrappedBuffer(frame);
          ApiKey key = Objects.requireNonNull(ApiKey.forId(bytes.getShort(0)));
          short version = bytes.getShort(2);
          RequestHeader header =
              RequestHeader.read(new WireReader(bytes), key.requestHeaderVersion(version));
          Request request =
              new Request(key, version, header.correlationId(), String.valueOf(header.clientId()));
          requests.add(request);
          script.answer(request, socket.getOutputStream());
          socket.getOutputStream().flush();
        }
      } catch (EOFException | SocketException closed) {
        // the next connection, or the end
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** A script that negotiates the given APIs and leaves the rest to another. */
  static Script negotiating(Script then, ApiKey... keys) {
    return (request, out) -> {
      if (request.key() == ApiKey.API_VERSIONS) {
        write(out, request, versions(ErrorCode.NONE, keys));
      } else {
        then.answer(request, out);
      }
    };
  }

  static ApiVersionsResponse versions(ErrorCode error, ApiKey... keys) {
    List<ApiVersion> ranges =
        Arrays.stream(keys)
            .map(
                key ->
                    ApiVersion.builder()
                        .apiKey(key.id())
                        .minVersion(key.lowestVersion())
                        .maxVersion(key.highestVersion())
                        .build())
            .toList();
    return ApiVersionsResponse.builder().errorCode(error.code()).apiKeys(ranges).build();
  }

  static void write(OutputStream out, Request request, Message body) throws IOException {
    out.write(
        frame(request.key(), request.version(), request.version(), request.correlationId(), body));
  }

  static byte[] frame(
      ApiKey key, short headerOf, short bodyVersion, int correlationId, Message body) {
    WireWriter writer = new WireWriter(UnpooledByteBufAllocator.DEFAULT);
    ResponseHeader.builder()
        .correlationId(correlationId)
        .build()
        .write(writer, key.responseHeaderVersion(headerOf));
    body.write(writer, bodyVersion);
    OutboundFrame frame = writer.finish();
    ByteBuf bytes = frame.toBuffer(UnpooledByteBufAllocator.DEFAULT);
    try {
      return ByteBufUtil.getBytes(bytes);
    } finally {
      bytes.release();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
