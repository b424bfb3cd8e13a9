package io.millrace.concurrent;

import java.util.ArrayList;
import java.util.List;
import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;

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

  private Interleavings() {}

  /**
   * Runs a program with threads of its own in one interleaving after another, until one throws.
   *
   * @param program makes its own state, and may only use {@link #inParallel} for threads
   */
  public static void explore(int invocations, Runnable program) {
    program.run(); // what classes do when they are loaded is not of interest
    Lincheck.runConcurrentTest(invocations * EFFORT, program);
  }

  /** Options for a test with generated operations and a sequential specification. */
  public static ModelCheckingOptions generated(int iterations, int threads, int actors) {
    return new ModelCheckingOptions()
        .iterations(iterations * EFFORT)
        .invocationsPerIteration(300)
        .threads(threads)
        .actorsPerThread(actors)
        .actorsBefore(0)
        .actorsAfter(0);
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
