package io.millrace.replication.delayed;

import static io.millrace.concurrent.Interleavings.check;

import io.millrace.concurrent.Interleavings;
import io.millrace.concurrent.QueueLoop;
import io.millrace.concurrent.Race;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A fetch that registers while the log grows, or its leader goes, is woken; and once only. */
class DataWaitersConcurrencyTest {

  /** One end as the log publishes it: stored with release. */
  private static final class Partition {
    private static final VarHandle END;

    static {
      try {
        END = MethodHandles.lookup().findVarHandle(Partition.class, "end", long.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    @SuppressWarnings("UnusedVariable") // through END
    private long end;

    final DataWaiters waiters = new DataWaiters(new QueueLoop(), () -> (long) END.getAcquire(this));

    void growTo(long newEnd, long bytes) {
      END.setRelease(this, newEnd);
      waiters.grew(newEnd, bytes);
    }
  }

  private static final class Fetcher {
    final AtomicInteger woken = new AtomicInteger();
    final DelayedFetch fetch;

    Fetcher(long missing) {
      fetch = new DelayedFetch(missing, woken::incrementAndGet);
    }
  }

  @Test
  void register_whileTheEndMoves_wakesEachOnce() {
    Interleavings.explore(
        800,
        () -> {
          Partition partition = Interleavings.shared(new Partition());
          Fetcher one = Interleavings.shared(new Fetcher(1));
          Fetcher two = Interleavings.shared(new Fetcher(1));
          Interleavings.inParallel(
              () -> partition.waiters.register(one.fetch, 0),
              () -> partition.waiters.register(two.fetch, 0),
              () -> {
                partition.growTo(1, 1);
                partition.growTo(2, 1);
              });
          check(one.woken.get() == 1, "the first is woken once, not " + one.woken);
          check(two.woken.get() == 1, "the second is woken once, not " + two.woken);
        });
  }

  @Test
  void registerWithTwo_growthOfBoth_wakesOnce() {
    Interleavings.explore(
        800,
        () -> {
          Partition left = Interleavings.shared(new Partition());
          Partition right = Interleavings.shared(new Partition());
          Fetcher both = Interleavings.shared(new Fetcher(2));
          left.waiters.register(both.fetch, 0);
          right.waiters.register(both.fetch, 0);
          Interleavings.inParallel(
              () -> left.growTo(1, 1), () -> right.growTo(1, 1), both.fetch::complete);
          check(both.woken.get() == 1, "woken once, not " + both.woken);
        });
  }

  /** What {@code ReplicatedPartition.awaitData} and {@code become} do with the role. */
  @Test
  void register_whileTheRoleChanges_wakes() {
    Interleavings.explore(
        800,
        () -> {
          Partition partition = Interleavings.shared(new Partition());
          AtomicInteger role = Interleavings.shared(new AtomicInteger());
          Fetcher fetcher = Interleavings.shared(new Fetcher(1));
          Interleavings.inParallel(
              () -> {
                int held = role.get();
                partition.waiters.register(fetcher.fetch, 0);
                if (role.get() != held) {
                  fetcher.fetch.complete();
                }
              },
              () -> {
                role.set(1);
                partition.waiters.wakeAll();
                partition.growTo(1, 1);
              });
          check(fetcher.woken.get() == 1, "woken once, not " + fetcher.woken);
        });
  }

  @Test
  void startTimer_whileItIsWoken_leavesNoTimerBehind() {
    Interleavings.explore(
        800,
        () -> {
          Fetcher fetcher = Interleavings.shared(new Fetcher(1));
          QueueLoop loop = Interleavings.shared(new QueueLoop());
          Interleavings.inParallel(
              () -> fetcher.fetch.startTimer(loop, 1),
              () -> fetcher.fetch.grew(1),
              fetcher.fetch::complete);
          check(loop.timers() == 0, "timers left: " + loop.timers());
          check(fetcher.woken.get() == 1, "woken once, not " + fetcher.woken);
        });
  }

  @Test
  void register_whileTheEndMoves_isNotMissedByTheProcessor() {
    Race.inVmOfItsOwn(Missed.class);
  }

  /**
   * The loop stores the end and then looks for waiters; a waiter stores itself and then looks at
   * the end. Without a fence on both sides each may miss the other.
   */
  static final class Missed {

    private record Meeting(Partition partition, Fetcher fetcher) {}

    public static void main(String[] args) {
      Race.run(
          100,
          () -> new Meeting(new Partition(), new Fetcher(1)),
          meeting -> meeting.partition.growTo(1, 1),
          meeting -> meeting.partition.waiters.register(meeting.fetcher.fetch, 0),
          meeting ->
              check(
                  meeting.fetcher.fetch.isDone(),
                  "a fetch sleeps and the end has moved beyond what it has seen"));
    }
  }
}
