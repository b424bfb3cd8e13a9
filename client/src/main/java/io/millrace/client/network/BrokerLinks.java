package io.millrace.client.network;

import java.util.concurrent.CompletableFuture;

/** Makes links; the seam between the client's decisions and Netty. */
public interface BrokerLinks {

  /**
   * Connects and agrees on versions; fails after the connect timeout. May complete on any thread.
   */
  CompletableFuture<BrokerLink> connect(String host, int port);

  /** Frees what the links shared. */
  void close();
}
