package io.millrace.concurrent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Two actors on two processors meet at one fresh state after another, some hundred thousand of
 * them, as jcstress does it: what shows a missing fence. A run without a finding proves nothing; a
 * finding proves a fault.
 *
 * <p>The code must be compiled as it is in production, which our tests' virtual machines do not do
 * in favour of their start: hence {@link #inVmOfItsOwn}.
 */
public final class Race {

  private static final int STATES = 2_000;

  private Race() {}

  /**
   * Runs the {@code main} of a class, which calls {@link #run}, with the optimizing compiler, told
   * to shuffle the instructions that it may.
   */
  public static void inVmOfItsOwn(Class<?> program) {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-ea",
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:+StressLCM",
            "-XX:+StressGCM",
            "-Dmillrace.effort=" + Interleavings.EFFORT,
            "-cp",
            System.getProperty("java.class.path"),
            program.getName());
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new AssertionError(said);
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException("cannot run " + program, e);
    }
  }

  /**
   * @param rounds how often two thousand states are gone over
   * @param verdict looks at each state when both actors are done; throws when it is wrong
   */
  public static <S> void run(
      int rounds,
      Supplier<S> fresh,
      Consumer<S> first,
      Consumer<S> second,
      Consumer<? super S> verdict) {
    List<S> states = new ArrayList<>(STATES);
    for (int round = 0; round < rounds * Interleavings.EFFORT; round++) {
      states.clear();
      for (int i = 0; i < STATES; i++) {
        states.add(fresh.get());
      }
      AtomicInteger firstAt = new AtomicInteger();
      AtomicInteger secondAt = new AtomicInteger();
      Interleavings.inParallel(
          () -> act(states, first, firstAt, secondAt, 0),
          () -> act(states, second, secondAt, firstAt, 1));
      states.forEach(verdict);
    }
  }

  /** Both begin each state at the same moment, give or take a few steps that differ each time. */
  @SuppressWarnings("ThreadPriorityCheck") // yields only while the other is not on a processor
  private static <S> void act(
      List<S> states, Consumer<S> actor, AtomicInteger mine, AtomicInteger other, int side) {
    try {
      for (int i = 0; i < states.size(); i++) {
        mine.set(i + 1);
        for (int spins = 0; other.get() <= i; spins++) {
          if (spins < 200) {
            Thread.onSpinWait();
          } else {
            Thread.yield();
          }
        }
        for (int late = side == i % 2 ? i / 2 % 16 : 0; late > 0; late--) {
          Thread.onSpinWait();
        }
        actor.accept(states.get(i));
      }
    } finally {
      mine.set(Integer.MAX_VALUE); // the other need not wait for one that failed
    }
  }
}
