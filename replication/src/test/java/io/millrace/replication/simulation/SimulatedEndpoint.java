package io.millrace.replication.simulation;

import io.millrace.protocol.codec.WireReader;
import io.millrace.protocol.codec.WireWriter;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchResponse;
import io.millrace.replication.follower.LeaderEndpoint;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A follower's way to a leader: real bytes over the simulated network. */
final class SimulatedEndpoint implements LeaderEndpoint {

  static final short VERSION = 17;

  private final SimulatedNetwork network;
  private final int from;
  private final SimulatedNode leader;
  private SimulatedNetwork.@Nullable Connection connection;

  SimulatedEndpoint(SimulatedNetwork network, int from, SimulatedNode leader) {
    this.network = network;
    this.from = from;
    this.leader = leader;
  }

  @Override
  public CompletableFuture<FetchResponse> fetch(FetchRequest request) {
    SimulatedNetwork.Connection open = connection;
    if (open == null || open.isBroken()) {
      open = network.connect(from, leader.id);
      connection = open;
    }
    WireWriter out = new WireWriter(UnpooledByteBufAllocator.DEFAULT);
    request.write(out, VERSION);
    byte[] bytes = bytesOf(out.finishBare());
    SimulatedNetwork.Connection used = open;
    return open.send(() -> FetchService.handle(network, used, leader, bytes))
        .thenApply(
            answer -> FetchResponse.read(new WireReader(Unpooled.wrappedBuffer(answer)), VERSION));
  }

  static byte[] bytesOf(ByteBuf buffer) {
    byte[] bytes = new byte[buffer.readableBytes()];
    buffer.readBytes(bytes);
    buffer.release();
    return bytes;
  }

  @Override
  public void close() {
    if (connection != null) {
      connection.reset("closed");
    }
  }
}
