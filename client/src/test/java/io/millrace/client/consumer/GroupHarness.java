package io.millrace.client.consumer;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerBuilder;
import io.millrace.client.ConsumerConfig;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.Deserializers;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.OffsetReset;
import io.millrace.client.RebalanceListener;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClientRuntime;
import io.millrace.client.simulated.FakeBrokers;
import io.millrace.client.simulated.ManualLoop;
import io.millrace.client.simulated.ScriptedLinks;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Whole consumers on one thread, with brokers, network and time by hand. */
final class GroupHarness {

  static final long SECOND = 1_000_000_000L;

  final ManualLoop loop = new ManualLoop();
  final FakeBrokers brokers;
  final ScriptedLinks links;
  final SplittableRandom random;

  /** What listeners heard and the coordinator saw, in order. */
  final List<String> journal;

  GroupHarness(int partitions, long seed) {
    brokers = new FakeBrokers(loop, partitions);
    links = new ScriptedLinks(loop, brokers);
    random = new SplittableRandom(seed);
    journal = brokers.group.journal;
  }

  static TopicPartition partition(int number) {
    return new TopicPartition(FakeBrokers.TOPIC, number);
  }

  /** A consumer, and what it runs on. */
  record Member(Consumer<String, String> consumer, ClientRuntime runtime) {
    /** Ends without a word. */
    void kill(ManualLoop loop) {
      loop.run(() -> runtime.cluster().close());
    }
  }

  Member member(UnaryOperator<ConsumerBuilder<String, String>> settings) {
    ConsumerConfig config =
        settings
            .apply(
                Consumer.builder(Deserializers.string(), Deserializers.string())
                    .bootstrapServers("localhost:9090,localhost:9091,localhost:9092")
                    .groupId("group")
                    .autoCommitInterval(Duration.ofSeconds(1))
                    .rebalanceTimeout(Duration.ofSeconds(8))
                    .apiTimeout(Duration.ofSeconds(20))
                    .requestTimeout(Duration.ofSeconds(5))
                    .fetchWait(1, Duration.ofMillis(100))
                    .offsetReset(OffsetReset.EARLIEST))
            .config();
    ClientRuntime runtime =
        new ClientRuntime(config.client(), loop, loop, links.forOneClient(), random.split(), false);
    return new Member(
        PrefetchingConsumer.started(
            new PrefetchingConsumer<>(
                config,
                Deserializers.string(),
                Deserializers.string(),
                runtime,
                new SimulatedEventQueue(loop))),
        runtime);
  }

  Member subscribed(UnaryOperator<ConsumerBuilder<String, String>> settings) {
    Member member = member(settings);
    member.consumer().subscribe(List.of(FakeBrokers.TOPIC), listener());
    return member;
  }

  /** A member that has all partitions and has read ten records of each. */
  Member alone() {
    brokers.produce(40);
    Member member = subscribed(builder -> builder);
    int read = 0;
    while (read < 40) {
      read += member.consumer().poll(Duration.ofSeconds(5)).count();
    }
    return member;
  }

  /**
   * What becomes of the next requests of a kind; after them all is well.
   *
   * @return how many are still to come
   */
  <T extends RequestMessage> AtomicInteger spoil(
      int times, Class<T> kind, Function<T, CompletableFuture<ResponseMessage>> outcome) {
    AtomicInteger left = new AtomicInteger(times);
    brokers.fault =
        (port, request) ->
            kind.isInstance(request) && left.getAndDecrement() > 0
                ? outcome.apply(kind.cast(request))
                : null;
    return left;
  }

  /** Runs something whenever partitions are given up. */
  static RebalanceListener onRevoked(Runnable task) {
    return new RebalanceListener() {
      @Override
      public void onRevoked(Collection<TopicPartition> partitions) {
        task.run();
      }
    };
  }

  /** Commits for partition 0. */
  static CompletableFuture<Void> commit(Member member, long offset) {
    return member
        .consumer()
        .commitAsync(Map.of(partition(0), new OffsetAndMetadata(offset, 3, "note " + offset)));
  }

  /** Polls these, a little time apart, until the condition holds. */
  List<ConsumerRecord<String, String>> pollUntil(
      BooleanSupplier condition, int seconds, Member... members) {
    List<ConsumerRecord<String, String>> read = new ArrayList<>();
    long end = loop.monotonicNanos() + seconds * SECOND;
    while (!condition.getAsBoolean()) {
      if (loop.monotonicNanos() > end) {
        throw new AssertionError(
            "does not come true within " + seconds + " s, journal: " + journal);
      }
      for (Member member : members) {
        member.consumer().poll(Duration.ZERO).forEach(read::add);
      }
      loop.advance(10_000_000);
    }
    return read;
  }

  /** Writes into the journal. */
  RebalanceListener listener() {
    return new RebalanceListener() {
      @Override
      public void onAssigned(Collection<TopicPartition> partitions) {
        journal.add("assigned " + numbers(partitions));
      }

      @Override
      public void onRevoked(Collection<TopicPartition> partitions) {
        journal.add("revoked " + numbers(partitions));
      }

      @Override
      public void onLost(Collection<TopicPartition> partitions) {
        journal.add("lost " + numbers(partitions));
      }
    };
  }

  static Collection<Integer> numbers(Collection<TopicPartition> partitions) {
    Collection<Integer> numbers = new TreeSet<>();
    partitions.forEach(each -> numbers.add(each.partition()));
    return numbers;
  }
}
