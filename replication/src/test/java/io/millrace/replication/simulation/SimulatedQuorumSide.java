package io.millrace.replication.simulation;

import io.millrace.concurrent.EventLoop;
import io.millrace.metadata.controller.ConfigValidator;
import io.millrace.metadata.controller.Controller;
import io.millrace.metadata.controller.ControllerConfig;
import io.millrace.metadata.kv.MetadataLog;
import io.millrace.metadata.kv.MetadataLogListener;
import io.millrace.metadata.request.ControllerRequest;
import io.millrace.metadata.request.ControllerResponse;
import io.millrace.metadata.simulation.SimulatedQuorum;
import io.millrace.metadata.simulation.SimulatedScheduler;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/**
 * Three real controllers on a stub of the quorum, and the ways from the brokers to them, on which
 * messages get lost.
 */
final class SimulatedQuorumSide {

  static final int FIRST_VOTER = 101;
  static final int VOTERS = 3;

  private final SplittableRandom random;
  private final SimulatedQuorum quorum;
  private final EventLoop network;
  private final Map<Integer, Controller> controllers = new HashMap<>();
  boolean foul = true;

  SimulatedQuorumSide(SimulatedScheduler time, SplittableRandom random) {
    this.random = random.split();
    this.network = time.loop("metadata-network");
    this.quorum =
        new SimulatedQuorum(
            time.loop("quorum"), random, new SimulatedQuorum.Weather(200_000, 10_000_000, 10, 10));
    for (int id = FIRST_VOTER; id < FIRST_VOTER + VOTERS; id++) {
      Controller controller =
          new Controller(
              quorum.node(id),
              time.loop("controller-" + id),
              time,
              random,
              new ControllerConfig(
                  Duration.ofNanos(SimulatedMetadata.SESSION_NANOS),
                  Duration.ofMillis(200),
                  Duration.ofMillis(400),
                  Duration.ofSeconds(2),
                  1,
                  1,
                  100,
                  100,
                  1_000),
              ConfigValidator.PERMISSIVE);
      controller.start();
      controllers.put(id, controller);
    }
    elect();
  }

  void elect() {
    quorum.elect(FIRST_VOTER + random.nextInt(VOTERS));
  }

  MetadataLog.Subscription follow(int node, MetadataLogListener listener) {
    return quorum.node(node).subscribe(-1, listener);
  }

  /** Tells the controllers that a node's connection broke. */
  void connectionLost(int node) {
    controllers.values().forEach(controller -> controller.connectionLost(node));
  }

  <R extends ControllerResponse> CompletableFuture<R> ask(Life life, ControllerRequest<R> request) {
    CompletableFuture<R> answer = new CompletableFuture<>();
    int to =
        (foul && random.nextInt(10) == 0) || quorum.leader() < 0
            ? FIRST_VOTER + random.nextInt(VOTERS)
            : quorum.leader();
    if (!lost()) {
      // Sent is sent: it may arrive after its sender gave up, or died.
      network.schedule(
          () ->
              Objects.requireNonNull(controllers.get(to))
                  .handle(request, life.node)
                  .whenComplete(
                      (reply, failure) ->
                          network.schedule(
                              () -> {
                                if (!life.alive || lost()) {
                                  return;
                                }
                                if (failure == null) {
                                  answer.complete(reply.response());
                                } else {
                                  answer.completeExceptionally(failure);
                                }
                              },
                              delay())),
          delay());
    }
    network.schedule(
        () -> answer.completeExceptionally(new IOException("no answer in time")), 1_000_000_000L);
    return answer;
  }

  private boolean lost() {
    return foul && random.nextInt(30) == 0;
  }

  private long delay() {
    return foul && random.nextInt(40) == 0
        ? random.nextLong(10_000_000, 3_000_000_000L)
        : random.nextLong(50_000, 2_000_000);
  }
}
