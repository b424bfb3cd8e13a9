package io.millrace.client.cluster;

import io.millrace.client.BrokerInfo;
import io.millrace.client.ClientConfig;
import io.millrace.client.network.BrokerPool;
import io.millrace.client.network.Failures;
import io.millrace.client.network.LinkUse;
import io.millrace.concurrent.Clock;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Chooses a broker for what any of them can answer: at random, but not one that failed a moment ago
 * or says nothing. A process that hangs still takes connections; without this it would cost who
 * happens to ask it the whole time of a connection or of a request.
 */
@ConfinedTo("the client's loop")
final class AnyBroker {
  /** A broker that says nothing for so long is not the only one to be asked. */
  private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final EventLoop loop;
  private final Clock clock;
  private final BrokerPool pool;
  private final SplittableRandom random;
  private final Supplier<ClusterView> view;
  private final List<BrokerInfo> bootstrap;
  private final Set<String> silent = new HashSet<>();

  AnyBroker(
      ClientConfig config,
      EventLoop loop,
      Clock clock,
      BrokerPool pool,
      SplittableRandom random,
      Supplier<ClusterView> view) {
    this.loop = loop;
    this.clock = clock;
    this.pool = pool;
    this.random = random;
    this.view = view;
    this.bootstrap =
        config.bootstrapServers().stream()
            .map(
                address ->
                    new BrokerInfo(
                        -1, ClientConfig.hostOf(address), ClientConfig.portOf(address), null))
            .toList();
  }

  /** One that answers, as far as is known; else any. */
  BrokerInfo choose() {
    BrokerInfo answers = chooseBeside(Set.of());
    return answers != null ? answers : bootstrap.get(random.nextInt(bootstrap.size()));
  }

  private @Nullable BrokerInfo chooseBeside(Set<String> asked) {
    BrokerInfo known =
        pick(
            view.get().brokers().values().stream()
                .sorted(Comparator.comparingInt(BrokerInfo::id)) // the seed decides, not the map
                .toList(),
            asked);
    return known != null ? known : pick(bootstrap, asked);
  }

  private @Nullable BrokerInfo pick(List<BrokerInfo> candidates, Set<String> asked) {
    List<BrokerInfo> usable =
        candidates.stream()
            .filter(broker -> !pool.isBackingOff(broker, LinkUse.REQUESTS))
            .filter(broker -> !silent.contains(address(broker)))
            .filter(broker -> !asked.contains(address(broker)))
            .toList();
    return usable.isEmpty() ? null : usable.get(random.nextInt(usable.size()));
  }

  private static String address(BrokerInfo broker) {
    return broker.host() + ":" + broker.port();
  }

  /**
   * Asks one, and another one whenever nobody has answered for a second; the first answer counts.
   */
  CompletableFuture<ResponseMessage> ask(RequestMessage request, long timeoutNanos) {
    Question question = new Question(request, clock.monotonicNanos() + timeoutNanos);
    question.ask(choose());
    return question.answer;
  }

  /** One question, and whom it was put to; to nobody twice. */
  private final class Question {
    private final RequestMessage request;
    private final long deadlineNanos;
    private final CompletableFuture<ResponseMessage> answer = new CompletableFuture<>();
    private final Set<String> asked = new HashSet<>();
    private int unanswered;

    Question(RequestMessage request, long deadlineNanos) {
      this.request = request;
      this.deadlineNanos = deadlineNanos;
    }

    void ask(BrokerInfo broker) {
      String address = address(broker);
      asked.add(address);
      unanswered++;
      EventLoop.Timer patience =
          loop.schedule(
              () -> {
                silent.add(address);
                askAnother();
              },
              SILENCE_NANOS);
      pool.send(broker, LinkUse.REQUESTS, request, Math.max(1, leftNanos()))
          .whenComplete(
              (said, failure) -> {
                patience.cancel();
                silent.remove(address);
                unanswered--;
                if (said != null) {
                  answer.complete(said);
                } else if (unanswered == 0) {
                  answer.completeExceptionally(failure == null ? Failures.closed() : failure);
                } else {
                  askAnother(); // those who say nothing may never do
                }
              });
    }

    private void askAnother() {
      BrokerInfo another = chooseBeside(asked);
      if (another != null && !answer.isDone() && leftNanos() > 0) {
        ask(another);
      }
    }

    private long leftNanos() {
      return deadlineNanos - clock.monotonicNanos();
    }
  }
}
