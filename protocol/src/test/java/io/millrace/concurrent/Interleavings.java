package io.millrace.concurrent;

import java.util.ArrayList;
import java.util.List;
import org.jetbrains.lincheck.Lincheck;
import org.jspecify.annotations.Nullable;

/**
 * How the lock-free classes are looked at. Lincheck runs their real code and decides at each access
 * of shared memory which thread goes on; it finds every fault of order in the program, but none
 * that only a processor's store buffer or the compiler shows: those are for {@link Race}.
 *
 * <p>A build looks for a few seconds per class; {@code -Dmillrace.effort=20} looks twenty times as
 * long.
 */
public final class Interleavings {

  static final int EFFORT = Integer.getInteger("millrace.effort", 1);

  /** Where Lincheck sees an object escape to other threads. */
  @SuppressWarnings("unused") // written for Lincheck to see, read by nobody
  private static volatile @Nullable Object escaped;

  private Interleavings() {}

  /**
   * Says that an object is shared between the actors. Needed where actors are lambdas: Lincheck
   * cannot look into what they capture, takes that for one thread's own, and does not switch
   * threads at its plain fields and arrays.
   */
  public static <T> T shared(T state) {
    escaped = state;
    return state;
  }

  /**
   * Runs a program with threads of its own in one interleaving after another, until one throws.
   *
   * @param program makes its own state, and may only use {@link #inParallel} for threads
   */
  public static void explore(int invocations, Runnable program) {
    program.run(); // what classes do when they are loaded is not of interest
    Lincheck.runConcurrentTest(invocations * EFFORT, program);
  }

  /** Runs each on a thread of its own and waits for all; throws what one of them threw. */
  public static void inParallel(Runnable... actors) {
    Throwable[] failures = new Throwable[actors.length];
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < actors.length; i++) {
      int number = i;
      Thread thread =
          new Thread(
              () -> {
                try {
                  actors[number].run();
                } catch (RuntimeException | Error e) {
                  failures[number] = e;
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException("interrupted", e);
      }
    }
    for (Throwable failure : failures) {
      if (failure != null) {
        throw new AssertionError("an actor failed: " + failure, failure);
      }
    }
  }

  /** An assertion that runs within the explored program, where a library of them would be slow. */
  public static void check(boolean holds, String rule) {
    if (!holds) {
      throw new AssertionError(rule);
    }
  }
}
