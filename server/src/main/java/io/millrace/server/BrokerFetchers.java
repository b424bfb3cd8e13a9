package io.millrace.server;

import io.millrace.concurrent.EventLoop;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.protocol.network.NetworkLoops;
import io.millrace.replication.FetcherSource;
import io.millrace.replication.follower.LeaderEndpoint;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Gives each source broker's fetcher its thread and its connections. Called on the registry's loop.
 */
final class BrokerFetchers implements FetcherSource {
  private final int nodeId;
  private final String listener;
  private final Supplier<MetadataImage> image;
  private final NetworkLoops network;
  private final Duration timeout;
  private final Loops loops;
  private final Map<Integer, EventLoop> byLeader = new HashMap<>();

  BrokerFetchers(
      int nodeId,
      String listener,
      Supplier<MetadataImage> image,
      NetworkLoops network,
      Duration timeout,
      Loops loops) {
    this.nodeId = nodeId;
    this.listener = listener;
    this.image = image;
    this.network = network;
    this.timeout = timeout;
    this.loops = loops;
  }

  @Override
  public EventLoop loopFor(int leaderId) {
    // Kept when the fetcher goes: the same broker leads again sooner or later.
    return byLeader.computeIfAbsent(leaderId, id -> loops.start("fetcher-" + id));
  }

  @Override
  public LeaderEndpoint connect(int leaderId) {
    return new BrokerEndpoint(nodeId, leaderId, listener, image, network, timeout);
  }
}
