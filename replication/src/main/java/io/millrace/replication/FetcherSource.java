package io.millrace.replication;

import io.millrace.concurrent.EventLoop;
import io.millrace.replication.follower.LeaderEndpoint;

/**
 * Where the fetchers of a node get their threads and connections. Called on the registry's loop.
 */
public interface FetcherSource {

  /** The loop for the fetcher of one source broker. */
  EventLoop loopFor(int leaderId);

  /** A way to a broker; it looks up the broker's address in the image each time it connects. */
  LeaderEndpoint connect(int leaderId);
}
