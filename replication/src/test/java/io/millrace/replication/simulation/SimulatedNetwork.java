package io.millrace.replication.simulation;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Connections as TCP gives them: in order each way, until they break. When one breaks nobody knows
 * what the other side still got: what was sent may arrive long after the sender gave up. Between
 * two nodes that are cut from each other messages vanish, and the sender learns it by waiting.
 */
final class SimulatedNetwork {

  private static final long TIMEOUT_NANOS = 1_500_000_000L;

  private final EventLoop loop;
  private final Clock clock;
  private final SplittableRandom random;
  private final Set<Long> cuts = new HashSet<>();
  private final List<Connection> connections = new ArrayList<>();

  SimulatedNetwork(EventLoop loop, Clock clock, SplittableRandom random) {
    this.loop = loop;
    this.clock = clock;
    this.random = random.split();
  }

  EventLoop loop() {
    return loop;
  }

  private static long link(int a, int b) {
    return ((long) Math.min(a, b) << 32) | Math.max(a, b);
  }

  void cut(int a, int b) {
    cuts.add(link(a, b));
  }

  void healAll() {
    cuts.clear();
  }

  private boolean isCut(int a, int b) {
    return cuts.contains(link(a, b));
  }

  /** Breaks some connections. */
  void breakSome() {
    for (Connection connection : List.copyOf(connections)) {
      if (random.nextInt(3) == 0) {
        connection.reset("connection reset");
      }
    }
  }

  /**
   * Breaks every connection of a node. What it had sent may arrive; what was sent to it has nobody
   * to arrive at.
   */
  void crash(int node) {
    for (Connection connection : List.copyOf(connections)) {
      if (connection.from == node || connection.to == node) {
        connection.dead |= connection.to == node;
        connection.reset("connection reset");
      }
    }
  }

  Connection connect(int from, int to) {
    Connection connection = new Connection(from, to);
    connections.add(connection);
    return connection;
  }

  private long delay() {
    return random.nextInt(200) == 0
        ? random.nextLong(1_000_000, 80_000_000)
        : random.nextLong(50_000, 1_500_000);
  }

  final class Connection {
    private final int from;
    private final int to;
    private final List<CompletableFuture<?>> outstanding = new ArrayList<>();
    private long lastThere;
    private long lastBack;
    private boolean broken;
    private boolean dead;

    /** What the serving side keeps of this connection. */
    Runnable endParkedFetch = () -> {};

    CompletableFuture<?> lastAnswer = CompletableFuture.completedFuture(null);

    private Connection(int from, int to) {
      this.from = from;
      this.to = to;
    }

    boolean isBroken() {
      return broken;
    }

    /**
     * Sends a request.
     *
     * @param handler runs where the request arrives; null when nobody is there
     */
    <A> CompletableFuture<A> send(Supplier<CompletableFuture<A>> handler) {
      CompletableFuture<A> answer = new CompletableFuture<>();
      if (broken) {
        answer.completeExceptionally(new IOException("connection is broken"));
        return answer;
      }
      outstanding.add(answer);
      long now = clock.monotonicNanos();
      lastThere = Math.max(lastThere, now + delay());
      boolean arrivesAfterReset = random.nextBoolean();
      loop.schedule(
          () -> {
            if (!isCut(from, to) && !dead && (!broken || arrivesAfterReset)) {
              arrive(handler, answer);
            }
          },
          lastThere - now);
      loop.schedule(
          () -> {
            if (!answer.isDone()) {
              reset("no answer in time");
            }
          },
          TIMEOUT_NANOS);
      return answer;
    }

    private <A> void arrive(Supplier<CompletableFuture<A>> handler, CompletableFuture<A> answer) {
      handler
          .get()
          .whenComplete(
              (value, failure) -> {
                long now = clock.monotonicNanos();
                lastBack = Math.max(lastBack, now + delay());
                loop.schedule(() -> deliver(answer, value, failure), lastBack - now);
              });
    }

    private <A> void deliver(CompletableFuture<A> answer, A value, Throwable failure) {
      if (isCut(from, to) || broken) {
        return;
      }
      outstanding.removeIf(each -> each == answer);
      if (failure == null) {
        answer.complete(value);
      } else {
        answer.completeExceptionally(failure);
      }
    }

    void reset(String why) {
      if (broken) {
        return;
      }
      broken = true;
      connections.remove(this);
      List<CompletableFuture<?>> failed = List.copyOf(outstanding);
      outstanding.clear();
      failed.forEach(answer -> answer.completeExceptionally(new IOException(why)));
    }
  }
}
