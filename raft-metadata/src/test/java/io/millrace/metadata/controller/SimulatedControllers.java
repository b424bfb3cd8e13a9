package io.millrace.metadata.controller;

import io.millrace.concurrent.EventLoop;
import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.BrokerStorage;
import io.millrace.metadata.image.Endpoint;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.kv.KvView;
import io.millrace.metadata.kv.MetadataLogListener;
import io.millrace.metadata.kv.proto.KvDelta;
import io.millrace.metadata.record.ImageReplay;
import io.millrace.metadata.request.ControllerRequest;
import io.millrace.metadata.request.ControllerResponse;
import io.millrace.metadata.request.Heartbeat;
import io.millrace.metadata.request.RegisterBroker;
import io.millrace.metadata.simulation.SimulatedQuorum;
import io.millrace.metadata.simulation.SimulatedScheduler;
import io.millrace.protocol.Uuid;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Three controllers on a simulated quorum, and brokers that exist as heartbeats only. */
final class SimulatedControllers {

  static final long SECOND = 1_000_000_000L;

  final SplittableRandom random;
  final SimulatedScheduler time;
  final SimulatedQuorum quorum;
  final List<MetadataImage> history = new ArrayList<>();
  private final EventLoop brokerLoop;
  private final Map<Integer, Controller> controllers = new HashMap<>();
  private final Map<Integer, SimulatedBroker> brokers = new HashMap<>();

  SimulatedControllers(long seed, SimulatedQuorum.Weather weather) {
    random = new SplittableRandom(seed);
    time = new SimulatedScheduler(random);
    quorum = new SimulatedQuorum(time.loop("quorum"), random, weather);
    brokerLoop = time.loop("brokers");
    for (int id = 1; id <= 3; id++) {
      Controller controller =
          new Controller(
              quorum.node(id),
              time.loop("controller-" + id),
              time,
              random,
              ControllerConfig.DEFAULTS,
              ConfigValidator.PERMISSIVE);
      controller.start();
      controllers.put(id, controller);
    }
    history.add(MetadataImage.EMPTY);
    quorum.node(1).subscribe(-1, new HistoryRecorder());
  }

  MetadataImage image() {
    return history.get(history.size() - 1);
  }

  Controller leader() {
    return Objects.requireNonNull(controllers.get(quorum.leader()));
  }

  <R extends ControllerResponse> CompletableFuture<Reply<R>> ask(ControllerRequest<R> request) {
    return leader().handle(request, 0);
  }

  <R extends ControllerResponse> R await(ControllerRequest<R> request) {
    CompletableFuture<Reply<R>> reply = ask(request);
    time.runUntil("answer to " + request, reply::isDone, 30 * SECOND);
    return reply.join().response();
  }

  void startBroker(int id) {
    brokers.put(id, new SimulatedBroker(id));
  }

  void stopBroker(int id) {
    brokers.remove(id);
  }

  void awaitActive(int... ids) {
    for (int id : ids) {
      time.runUntil("broker " + id + " active", () -> image().cluster().isActive(id), 30 * SECOND);
    }
  }

  boolean isRunning(int id) {
    return brokers.containsKey(id);
  }

  /** Registers until it has an epoch, then sends heartbeats, for as long as it is not stopped. */
  final class SimulatedBroker {
    private final int id;
    private final Uuid incarnation = Uuid.random(random);
    private long epoch = -1;

    SimulatedBroker(int id) {
      this.id = id;
      beat();
    }

    private void beat() {
      if (brokers.get(id) != this && epoch != -1) {
        return;
      }
      if (quorum.leader() > 0) {
        if (epoch < 0) {
          ask(
              new RegisterBroker(
                  id,
                  incarnation,
                  new Uuid(7, id),
                  null,
                  List.of(new Endpoint("P", "h", 1, "PLAINTEXT"))),
              r -> {
                if (r.result().isOk()) {
                  epoch = r.epoch();
                }
              });
        } else {
          ask(
              new Heartbeat(id, epoch, image().revision(), false),
              r -> {
                if (!r.result().isOk()) {
                  epoch = -1;
                }
              });
        }
      }
      brokerLoop.schedule(
          () -> {
            if (brokers.get(id) == this) {
              beat();
            }
          },
          SECOND / 2);
    }

    private <R extends ControllerResponse> void ask(
        ControllerRequest<R> request, Consumer<R> then) {
      leader()
          .handle(request, id)
          .whenComplete(
              (reply, error) -> {
                if (error == null) {
                  then.accept(reply.response());
                }
              });
    }
  }

  private final class HistoryRecorder implements MetadataLogListener {
    @Override
    public void onApplied(KvDelta delta) {
      history.add(ImageReplay.step(image(), delta).image());
    }

    @Override
    public void onSnapshot(KvView view) {
      history.add(ImageReplay.step(image(), view).image());
    }
  }

  static BrokerImage broker(int id, boolean fenced) {
    return broker(id, id, fenced);
  }

  static BrokerImage broker(int id, long epoch, boolean fenced) {
    return new BrokerImage(
        id,
        epoch,
        new Uuid(1, id),
        new Uuid(7, id),
        null,
        List.of(new Endpoint("P", "h", 1, "PLAINTEXT")),
        fenced,
        false,
        BrokerStorage.WELL);
  }
}
