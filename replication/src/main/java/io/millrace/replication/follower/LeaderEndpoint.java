package io.millrace.replication.follower;

import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchResponse;
import java.util.concurrent.CompletableFuture;

/**
 * The broker that leads the partitions of one fetcher. Implemented outside, over a connection;
 * reconnects by itself.
 *
 * <p>Called on the fetcher's loop; must not block. The future may complete on any thread,
 * exceptionally when the connection broke or nothing came in time. The receiver of the response
 * owns the records inside and releases each once.
 */
public interface LeaderEndpoint extends AutoCloseable {

  /**
   * Sends one fetch, of version 15 or later. At most two are in flight: the second one asks for
   * partitions that are new, and must not wait behind the first, which the leader may be holding.
   */
  CompletableFuture<FetchResponse> fetch(FetchRequest request);

  /** Closes the connection; what is in flight fails. */
  @Override
  void close();
}
