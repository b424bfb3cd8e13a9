package io.millrace.replication.follower;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.concurrent.EventLoop;
import io.millrace.log.TopicPartitionId;
import io.millrace.log.simulated.ManualClock;
import io.millrace.log.simulated.ManualLoop;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.codec.WireWriter;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchResponse;
import io.millrace.protocol.message.FetchResponse.FetchableTopicResponse;
import io.millrace.protocol.message.FetchResponse.PartitionData;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Records;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReplicaFetcherTest {

  private static final Uuid TOPIC = new Uuid(1, 2);
  private static final int BACKOFF_MS = 100;

  private final ManualClock clock = new ManualClock(1_700_000_000_000L);
  private final ManualLoop loop = new ManualLoop("fetcher", clock);
  private final ManualLoop append = new ManualLoop("append", clock);
  private final Leader leader = new Leader();
  private final ReplicaFetcher fetcher =
      new ReplicaFetcher(
          2, loop, leader, new FetcherConfig(1, () -> 11, 500, 1, 1 << 20, 1 << 20, BACKOFF_MS));

  /** Takes questions; the test answers. */
  private static final class Leader implements LeaderEndpoint {
    final List<FetchRequest> asked = new ArrayList<>();
    final List<CompletableFuture<FetchResponse>> answers = new ArrayList<>();

    /** To what was asked last. */
    CompletableFuture<FetchResponse> answer = new CompletableFuture<>();

    boolean breaks;
    boolean closed;

    @Override
    public CompletableFuture<FetchResponse> fetch(FetchRequest request) {
      if (breaks) {
        throw new OutOfMemoryError("of the test");
      }
      asked.add(request);
      answer = new CompletableFuture<>();
      answers.add(answer);
      return answer;
    }

    @Override
    public void close() {
      closed = true;
    }

    List<Integer> lastAsked() {
      return asked.get(asked.size() - 1).topics().get(0).partitions().stream()
          .map(FetchRequest.FetchPartition::partition)
          .toList();
    }
  }

  /** A partition that follows and counts what it is brought. */
  private final class Target implements FetchTarget {
    final int partition;
    int starts;
    int taken;
    boolean breaks;

    /** Whether what it takes is not flushed before {@link #flush}. */
    boolean slow;

    private Runnable flushed = () -> {};

    Target(int partition) {
      this.partition = partition;
    }

    @Override
    public TopicPartitionId id() {
      return new TopicPartitionId(TOPIC, "orders", partition);
    }

    @Override
    public EventLoop appendLoop() {
      return append;
    }

    @Override
    public int leaderId() {
      return 2;
    }

    @Override
    public int leaderEpoch() {
      return 3;
    }

    @Override
    public void start(Listener listener) {
      starts++;
      listener.onPosition(new FetchPosition(0, -1, 0, 0));
    }

    @Override
    public void take(FetchedData data, Listener listener) {
      if (breaks) {
        listener.onRefused("no memory");
        throw new OutOfMemoryError("of the test");
      }
      taken++;
      flushed = () -> listener.onPosition(new FetchPosition(0, -1, 0, data.highWatermark()));
      if (!slow) {
        flush();
      }
    }

    void flush() {
      flushed.run();
    }
  }

  private static final FetchResponse NO_NEWS = FetchResponse.builder().responses(List.of()).build();

  /** News of one partition. */
  private static FetchResponse newsOf(int partition, long highWatermark) {
    PartitionData data =
        PartitionData.builder().partitionIndex(partition).highWatermark(highWatermark).build();
    return FetchResponse.builder()
        .responses(List.of(new FetchableTopicResponse("", TOPIC, List.of(data))))
        .build();
  }

  private int lastWaitMs() {
    return leader.asked.get(leader.asked.size() - 1).maxWaitMs();
  }

  /** One topic whose partitions' high watermark moved, which is news without records. */
  private static FetchResponse news(int partitions, long highWatermark) {
    List<PartitionData> data = new ArrayList<>();
    for (int i = 0; i < partitions; i++) {
      data.add(PartitionData.builder().partitionIndex(i).highWatermark(highWatermark).build());
    }
    return FetchResponse.builder()
        .responses(List.of(new FetchableTopicResponse("", TOPIC, data)))
        .build();
  }

  private void run() {
    ManualLoop.runAll(loop, append);
  }

  @Test
  void partitionThatBreaks_keepsNoOtherFromItsDataAndIsAskedForAgain() {
    Target broken = new Target(0);
    Target sound = new Target(1);
    fetcher.add(broken);
    fetcher.add(sound);
    run();
    clock.advanceMillis(500);
    run();
    broken.breaks = true;

    leader.answer.complete(news(2, 5));
    assertThatThrownBy(this::run).isInstanceOf(OutOfMemoryError.class);
    run();

    assertThat(sound.taken).isEqualTo(1);
    broken.breaks = false;
    clock.advanceMillis(BACKOFF_MS);
    run();
    assertThat(broken.starts).isEqualTo(2);
    leader.answer.complete(news(2, 6));
    run();
    clock.advanceMillis(500);
    run();
    assertThat(leader.lastAsked()).containsExactlyInAnyOrder(0, 1);
  }

  @Test
  void appendLoopThatIsFull_isAskedAgainWhereToBegin() {
    Target target = new Target(0);
    append.full(true);
    fetcher.add(target);
    run();
    assertThat(leader.asked).isEmpty();

    append.full(false);
    clock.advanceMillis(BACKOFF_MS);
    run();

    assertThat(leader.lastAsked()).containsExactly(0);
  }

  private List<Target> fifty() {
    List<Target> targets = IntStream.range(0, 50).mapToObj(Target::new).toList();
    targets.forEach(fetcher::add); // before the loop has its turn
    return targets;
  }

  @Test
  void partitionsToldToALoopWithNextToNoRoom_areAllAskedFor() {
    loop.room(2);
    List<Target> targets = fifty();
    targets.subList(0, 10).forEach(fetcher::remove);
    run();
    clock.advanceMillis(20);
    run();

    assertThat(leader.asked.stream().flatMap(one -> one.topics().get(0).partitions().stream()))
        .extracting(FetchRequest.FetchPartition::partition)
        .hasSize(40)
        .allMatch(partition -> partition >= 10);
  }

  @Test
  void positionsToldToALoopWithNextToNoRoom_areAskedFromAgain() {
    List<Target> targets = fifty();
    ManualLoop.runAll(loop);
    loop.room(2);
    ManualLoop.runAll(append); // fifty positions
    run();
    assertThat(leader.lastAsked()).hasSize(50);

    leader.answer.complete(news(50, 5));
    ManualLoop.runAll(loop);
    ManualLoop.runAll(append);
    run();

    assertThat(targets).extracting(target -> target.taken).containsOnly(1);
    assertThat(leader.asked).hasSize(2);
    assertThat(leader.lastAsked()).hasSize(50);
  }

  @Test
  void answerAfterTheEnd_isReleased() {
    for (boolean endIsKnown : List.of(true, false)) {
      ReplicaFetcher ending =
          new ReplicaFetcher(
              2, loop, leader, new FetcherConfig(1, () -> 11, 500, 1, 1 << 20, 1 << 20, 100));
      ending.add(new Target(0));
      run();
      CountedRecords records = new CountedRecords();
      ending.close();
      if (endIsKnown) {
        run();
      }

      leader.answer.complete(responseOf(records));
      run();

      assertThat(records.releases).isEqualTo(1);
    }
  }

  @Test
  void endOfAClosedLoop_closesTheEndpointAllTheSame() {
    fetcher.add(new Target(0));
    run();
    loop.full(true); // as a closed one
    CountedRecords records = new CountedRecords();
    leader.answer.complete(responseOf(records));

    fetcher.close();

    assertThat(leader.closed).isTrue();
    assertThat(records.releases).isEqualTo(1);
  }

  @Test
  void endpointThatThrows_isAskedAgain() {
    leader.breaks = true;
    fetcher.add(new Target(0));
    run();

    leader.breaks = false;
    clock.advanceMillis(BACKOFF_MS);
    run();

    assertThat(leader.lastAsked()).containsExactly(0);
  }

  /** Partition 0, which takes its time to flush, and 1, both asked for and with no news yet. */
  private Target slowBesideAnother() {
    Target slow = new Target(0);
    slow.slow = true;
    fetcher.add(slow);
    fetcher.add(new Target(1));
    run();
    clock.advanceMillis(500);
    leader.answers.forEach(answer -> answer.complete(NO_NEWS));
    run();
    return slow;
  }

  /** Records that nobody can look at. */
  private static final class BrokenRecords extends CountedRecords {
    @Override
    public int sizeInBytes() {
      throw new IllegalStateException("of the test");
    }

    @Override
    public void release() {
      throw new IllegalStateException("of the test");
    }
  }

  /** Counts how often they are released. */
  private static class CountedRecords implements Records {
    int releases;

    @Override
    public int sizeInBytes() {
      return 0;
    }

    @Override
    public void writeTo(WireWriter out) {}

    @Override
    public MemoryRecords toHeap() {
      return MemoryRecords.EMPTY;
    }

    @Override
    public Records retain() {
      return this;
    }

    @Override
    public void release() {
      releases++;
    }
  }

  private static FetchResponse responseOf(Records records) {
    PartitionData data = PartitionData.builder().partitionIndex(0).records(records).build();
    return FetchResponse.builder()
        .responses(List.of(new FetchableTopicResponse("", TOPIC, List.of(data))))
        .build();
  }

  @Test
  void answerThatBreaksInTheMiddle_bringsWhatWasBefore_andTheRestIsAskedForAgain() {
    Target slow = slowBesideAnother();
    assertThat(leader.lastAsked()).containsExactlyInAnyOrder(0, 1);
    int asked = leader.asked.size();

    leader.answer.complete(
        FetchResponse.builder()
            .responses(
                List.of(
                    new FetchableTopicResponse(
                        "",
                        TOPIC,
                        List.of(
                            PartitionData.builder().partitionIndex(0).highWatermark(5).build(),
                            PartitionData.builder()
                                .partitionIndex(1)
                                .records(new BrokenRecords())
                                .build()))))
            .build());
    assertThatThrownBy(this::run).isInstanceOf(IllegalStateException.class);
    run();

    assertThat(slow.taken).isEqualTo(1);
    assertThat(leader.asked).hasSize(asked);
    clock.advanceMillis(BACKOFF_MS);
    run();
    clock.advanceMillis(20);
    run();
    assertThat(leader.asked).hasSize(asked + 1);
    assertThat(leader.lastAsked()).as("but for the one that is being flushed").containsExactly(1);
  }

  @Test
  void partitionThatIsReady_isNotHeldUpByAFetchThatWaitsForNewsOfOthers() {
    fetcher.add(new Target(0));
    run();
    assertThat(lastWaitMs()).isEqualTo(500); // and nothing happens to partition 0
    fetcher.add(new Target(1));
    run();
    assertThat(leader.lastAsked()).containsExactly(1);

    for (int highWatermark = 1; highWatermark < 5; highWatermark++) {
      leader.answer.complete(newsOf(1, highWatermark));
      run();

      assertThat(leader.asked).hasSize(2 + highWatermark);
      assertThat(leader.lastAsked()).containsExactly(1);
    }
  }

  @Test
  void partitionsOfTwoFetches_goTogetherAgainOnceTheLongerOneIsBack() {
    fetcher.add(new Target(0));
    run();
    fetcher.add(new Target(1));
    run();

    leader.answers.get(0).complete(NO_NEWS);
    run();
    assertThat(leader.asked).hasSize(2);
    assertThat(lastWaitMs()).isEqualTo(20);
    leader.answers.get(1).complete(NO_NEWS);
    run();

    assertThat(leader.asked).hasSize(3);
    assertThat(leader.lastAsked()).containsExactlyInAnyOrder(0, 1);
    assertThat(lastWaitMs()).isEqualTo(500);
  }

  @Test
  void partitionsThatAreReady_waitAMomentForTheFlushOfOthers_eachTimeAnew() {
    Target slow = slowBesideAnother();
    leader.answers.forEach(answer -> answer.complete(NO_NEWS));
    run();
    for (int round = 1; round < 4; round++) {
      int asked = leader.asked.size();
      leader.answer.complete(newsOf(0, round));
      run();
      clock.advanceMillis(15); // less than the grace, more than what is left of an earlier one
      run();
      assertThat(leader.asked).hasSize(asked);

      slow.flush();
      run();

      assertThat(leader.asked).hasSize(asked + 1);
      assertThat(leader.lastAsked()).containsExactlyInAnyOrder(0, 1);
      assertThat(lastWaitMs()).isEqualTo(500);
    }
    int asked = leader.asked.size();
    leader.answer.complete(newsOf(0, 9));
    run();
    clock.advanceMillis(20);
    run();
    assertThat(leader.asked).hasSize(asked + 1);
    assertThat(leader.lastAsked()).containsExactly(1);
  }
}
