package io.millrace.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.client.WakeupException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What a member of a group commits of what it prints. */
class PrintedOffsetsTest {

  private static final TopicPartition PARTITION = new TopicPartition("orders", 1);

  /** Committed where the consumer itself knows how far it is. */
  private static final Object POSITIONS = "positions";

  private final List<Object> commits = new ArrayList<>();
  private final AtomicLong nanos = new AtomicLong();
  private boolean isWoken;
  private CompletableFuture<Void> answer = CompletableFuture.completedFuture(null);
  private final PrintedOffsets printed =
      new PrintedOffsets(consumer(), "billing", console(), true, nanos::get);

  /** Has somewhere to print. */
  @Command
  private static final class Flags {
    @Mixin private Console console;
  }

  private static Console console() {
    Flags flags = new Flags();
    new CommandLine(flags).setErr(new PrintWriter(new StringWriter()));
    return flags.console;
  }

  /** A consumer that can only commit. */
  @SuppressWarnings("unchecked")
  private Consumer<byte[], byte[]> consumer() {
    return (Consumer<byte[], byte[]>)
        Proxy.newProxyInstance(
            Consumer.class.getClassLoader(),
            new Class<?>[] {Consumer.class},
            (proxy, method, arguments) ->
                commit(method.getName(), arguments == null ? POSITIONS : arguments[0]));
  }

  private @Nullable Object commit(String method, Object offsets) {
    if (isWoken) {
      isWoken = false;
      throw new WakeupException();
    }
    commits.add(offsets);
    return method.equals("commitAsync") ? answer : null;
  }

  private static ConsumerRecord<byte[], byte[]> record(long offset) {
    return new ConsumerRecord<>("orders", 1, offset, 3, 0, false, -1, -1, null, null, List.of());
  }

  private static Map<TopicPartition, OffsetAndMetadata> upTo(long offset) {
    return Map.of(PARTITION, new OffsetAndMetadata(offset, 3, ""));
  }

  @Test
  void onlyWhatWasFlushed_isCommitted() {
    printed.received();
    printed.written(record(4));
    printed.flushed(true);
    printed.received();
    printed.written(record(5)); // the pipe breaks before this one is out

    printed.commit();
    printed.commit();

    assertThat(commits).containsExactly(upTo(5));
  }

  @Test
  void memberThatOnlyLooks_commitsNothing_alsoWhenItsPartitionsGo() {
    PrintedOffsets looks = new PrintedOffsets(consumer(), "billing", console(), false, nanos::get);
    looks.onAssigned(List.of(PARTITION));
    looks.received();
    looks.written(record(4));
    nanos.addAndGet(10_000_000_000L);
    looks.flushed(false); // behind --max-messages
    looks.idle();
    looks.onRevoked(List.of(PARTITION));
    looks.commit();

    assertThat(looks.hasJoined()).isTrue();
    assertThat(commits).isEmpty();
  }

  @Test
  void commitsWhilePrinting_areASecondApart() {
    for (int i = 0; i < 30; i++) {
      nanos.addAndGet(100_000_000);
      printed.written(record(i));
      printed.flushed(true);
    }

    assertThat(commits).containsExactly(upTo(10), upTo(20), upTo(30));
  }

  @Test
  void commitThatFailsOrIsNotAnswered_isMadeAgainWithTheNext() {
    for (CompletableFuture<Void> bad :
        List.of(
            new CompletableFuture<Void>(),
            CompletableFuture.<Void>failedFuture(new IllegalStateException("away")))) {
      commits.clear();
      answer = bad;
      printed.received();
      printed.written(record(6));
      nanos.addAndGet(1_000_000_000L);
      printed.flushed(false); // behind --max-messages

      printed.commit();
      printed.commit();

      assertThat(commits).containsExactly(upTo(7), upTo(7));
    }
  }

  @Test
  void commitThatFailed_isNotMadeForPartitionsThatAreLost() {
    answer = new CompletableFuture<>();
    printed.received();
    printed.written(record(6));
    nanos.addAndGet(1_000_000_000L);
    printed.flushed(false);

    printed.onLost(List.of(PARTITION));
    printed.commit();

    assertThat(commits).containsExactly(upTo(7));
  }

  @Test
  void wakeUpDuringTheCommit_doesNotLoseIt() {
    printed.written(record(0));
    printed.flushed(true);
    isWoken = true;

    printed.commit();

    assertThat(commits).containsExactly(POSITIONS);
  }

  @Test
  void partitionsThatBringNothing_areCommittedWhereTheyBegan() {
    for (int i = 0; i < 11; i++) {
      nanos.addAndGet(1_000_000_000L);
      printed.idle();
    }

    assertThat(commits).containsExactly(POSITIONS, POSITIONS);
  }

  @Test
  void partitionsThatAreGivenUp_areCommittedFirst() {
    printed.written(record(0));
    printed.flushed(true);

    printed.onRevoked(List.of(PARTITION));

    assertThat(commits).containsExactly(POSITIONS);
  }
}
