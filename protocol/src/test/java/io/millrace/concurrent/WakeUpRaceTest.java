package io.millrace.concurrent;

import static io.millrace.concurrent.Interleavings.check;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jctools.queues.MpscArrayQueue;
import org.junit.jupiter.api.Test;

/** What {@link WakeUpLincheckTest} cannot see: the fences between the two words. */
class WakeUpRaceTest {

  @Test
  void handOver_whileTheLoopFallsAsleep_isNotMissedByTheProcessor() {
    Race.inVmOfItsOwn(FallingAsleep.class);
  }

  /** A loop that looks for work once before it sleeps, and a producer that hands one task over. */
  static final class FallingAsleep {
    private final MpscArrayQueue<Integer> queue = new MpscArrayQueue<>(2);
    private final WakeUp wakeUp = new WakeUp();
    private final AtomicBoolean woken = new AtomicBoolean();
    private boolean asleep;

    private void fallAsleep() {
      wakeUp.announceSleep();
      asleep = queue.isEmpty();
    }

    private void handOver() {
      queue.offer(1);
      if (wakeUp.takesWakeUp()) {
        woken.set(true);
      }
    }

    public static void main(String[] args) {
      Race.run(
          100,
          FallingAsleep::new,
          FallingAsleep::fallAsleep,
          FallingAsleep::handOver,
          met -> check(!met.asleep || met.woken.get(), "the loop sleeps and a task waits"));
    }
  }
}
