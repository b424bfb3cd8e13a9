package io.millrace.concurrent;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Who must wake whom, in one word. A consumer that found nothing to do announces that it is about
 * to sleep, looks once more, and only then sleeps; a producer that has handed something over takes
 * the announcement back and, if it was the one who took it, wakes the consumer. So a batch of
 * hand-overs costs one wake-up, and none is lost:
 *
 * <pre>
 *   consumer                          producer
 *   announced := true                 hand over
 *   -- full fence --                  -- full fence --
 *   look for work, sleep if none      announced ? wake : nothing
 * </pre>
 *
 * <p>Both sides write, fence, then read the other's word, so at least one of them sees the other:
 * either the consumer finds the work, or the producer finds the announcement.
 */
final class WakeUp {

  private static final VarHandle ANNOUNCED;

  static {
    try {
      ANNOUNCED = MethodHandles.lookup().findVarHandle(WakeUp.class, "announced", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("UnusedVariable") // through the handle
  private int announced;

  /** Consumer: says that it will sleep unless it finds work after this call. */
  void announceSleep() {
    ANNOUNCED.setVolatile(this, 1);
    VarHandle.fullFence();
  }

  /** Consumer: awake, by a wake-up or by itself. */
  void awake() {
    ANNOUNCED.setOpaque(
        this, 0); // a producer that still reads 1 wakes once too often, which harms nobody
  }

  /**
   * Producer, after its hand-over.
   *
   * @return true when the caller must wake the consumer
   */
  boolean takesWakeUp() {
    VarHandle.fullFence();
    return (int) ANNOUNCED.getOpaque(this) == 1 && ANNOUNCED.compareAndSet(this, 1, 0);
  }
}
