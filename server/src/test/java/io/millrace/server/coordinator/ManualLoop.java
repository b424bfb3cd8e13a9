package io.millrace.server.coordinator;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import java.util.ArrayDeque;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** A loop and its clock that move only when the test says so. */
public final class ManualLoop implements EventLoop, Clock {
  private static final long START_WALL_MILLIS = 1_700_000_000_000L;

  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final PriorityQueue<Alarm> alarms = new PriorityQueue<>();
  private long nanos = TimeUnit.SECONDS.toNanos(1);
  private long sequence;
  private boolean running;

  private record Alarm(long due, long order, Runnable task, AtomicBoolean cancelled)
      implements Comparable<Alarm>, EventLoop.Timer {
    @Override
    public int compareTo(Alarm other) {
      int byTime = Long.compare(due, other.due);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }

    @Override
    public void cancel() {
      cancelled.set(true);
    }
  }

  /** Runs everything that is due now. */
  public void run() {
    while (true) {
      Alarm alarm = alarms.peek();
      if (!tasks.isEmpty()) {
        running = true;
        try {
          tasks.poll().run();
        } finally {
          running = false;
        }
      } else if (alarm != null && alarm.due <= nanos) {
        alarms.poll();
        if (!alarm.cancelled.get()) {
          tasks.add(alarm.task);
        }
      } else {
        return;
      }
    }
  }

  /** Lets time pass, and everything happen in it in its order. */
  public void advance(long millis) {
    run();
    long end = nanos + TimeUnit.MILLISECONDS.toNanos(millis);
    for (Alarm next = alarms.peek(); next != null && next.due <= end; next = alarms.peek()) {
      nanos = Math.max(nanos, next.due);
      run();
    }
    nanos = end;
    run();
  }

  @Override
  public String name() {
    return "manual";
  }

  @Override
  public boolean inEventLoop() {
    return running;
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  @Override
  public boolean tryExecute(Runnable task) {
    tasks.add(task);
    return true;
  }

  @Override
  public Timer schedule(Runnable task, long delayNanos) {
    Alarm alarm = new Alarm(nanos + delayNanos, sequence++, task, new AtomicBoolean());
    alarms.add(alarm);
    return alarm;
  }

  @Override
  public long monotonicNanos() {
    return nanos;
  }

  @Override
  public long wallMillis() {
    return START_WALL_MILLIS + TimeUnit.NANOSECONDS.toMillis(nanos);
  }
}
