package io.millrace.metadata.publish;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.metadata.network.VoterConnection;
import io.millrace.metadata.quorum.VoterAddress;
import io.millrace.protocol.network.NetworkLoops;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;

/**
 * At most one connection to each voter, shared by the watch, the session and the requests. Made
 * when asked for.
 */
@ConfinedTo("the metadata client's loop")
final class VoterConnections {

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

  private final NetworkLoops network;
  private final EventLoop loop;
  private final List<VoterAddress> voters;
  private final IntConsumer onBroken;
  private final Map<Integer, CompletableFuture<VoterConnection>> open = new HashMap<>();
  private boolean closed;

  /**
   * @param voters the preferred one first
   * @param onBroken told on the loop of a voter whose connection ended
   */
  VoterConnections(
      NetworkLoops network, EventLoop loop, List<VoterAddress> voters, IntConsumer onBroken) {
    this.network = network;
    this.loop = loop;
    this.voters = List.copyOf(voters);
    this.onBroken = onBroken;
  }

  List<VoterAddress> voters() {
    return voters;
  }

  boolean knows(int nodeId) {
    return voters.stream().anyMatch(voter -> voter.nodeId() == nodeId);
  }

  /** The connection to a voter; completes on a network thread. */
  CompletableFuture<VoterConnection> to(int nodeId) {
    assert loop.owns("to");
    if (closed) {
      return CompletableFuture.failedFuture(new IOException("the metadata client is closed"));
    }
    CompletableFuture<VoterConnection> known = open.get(nodeId);
    if (known != null) {
      return known;
    }
    VoterAddress voter =
        voters.stream().filter(one -> one.nodeId() == nodeId).findFirst().orElseThrow();
    CompletableFuture<VoterConnection> connecting =
        VoterConnection.connect(network, voter, CONNECT_TIMEOUT);
    open.put(nodeId, connecting);
    connecting.whenComplete(
        (connection, error) -> {
          if (error != null) {
            onLoop(() -> open.remove(nodeId, connecting));
          } else {
            connection
                .closed()
                .thenRun(
                    () ->
                        onLoop(
                            () -> {
                              if (open.remove(nodeId, connecting)) {
                                onBroken.accept(nodeId);
                              }
                            }));
          }
        });
    return connecting;
  }

  void close() {
    closed = true;
    Map<Integer, CompletableFuture<VoterConnection>> all = new HashMap<>(open);
    open.clear();
    all.values().forEach(connecting -> connecting.thenAccept(VoterConnection::close));
  }

  private void onLoop(Runnable task) {
    loop.tryExecute(
        task); // refused only when the client is closed, or so far behind that the next failure
    // shows it
  }
}
