package io.millrace.concurrent;

import org.jctools.queues.MpscArrayQueue;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * The hand-over of the event loop without its thread: whatever the interleaving, the consumer never
 * sleeps over a task with nobody about to wake it.
 */
public class WakeUpLincheckTest {

  private final MpscArrayQueue<Integer> queue = new MpscArrayQueue<>(16);
  private final WakeUp wakeUp = new WakeUp();
  private volatile boolean asleep;
  private volatile boolean permit;

  @Operation
  public void produce() {
    queue.offer(1);
    if (wakeUp.takesWakeUp()) {
      permit = true; // LockSupport.unpark
    }
  }

  @Operation(nonParallelGroup = "consumer")
  public void consume() {
    if (asleep) {
      if (!permit) {
        return; // still parked
      }
      permit = false;
      asleep = false;
      wakeUp.awake();
    }
    while (queue.poll() != null) {
      // takes all that waits
    }
    wakeUp.announceSleep();
    if (queue.isEmpty()) {
      asleep = true;
    } else {
      wakeUp.awake();
    }
  }

  @Validate
  public void noTaskIsSleptOver() {
    if (asleep && !permit && !queue.isEmpty()) {
      throw new IllegalStateException("the consumer sleeps and a task waits");
    }
  }

  @Test
  void noWakeUpIsLost_inAnyInterleaving() {
    new ModelCheckingOptions()
        .iterations(8)
        .invocationsPerIteration(500)
        .threads(3)
        .actorsPerThread(3)
        .actorsBefore(0)
        .actorsAfter(0)
        .check(WakeUpLincheckTest.class);
  }
}
