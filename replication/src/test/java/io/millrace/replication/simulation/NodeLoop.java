package io.millrace.replication.simulation;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.LogStorageException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;

/** A loop of a node, which dies with it: what it had not run is never run. */
final class NodeLoop implements EventLoop {

  private final EventLoop inner;
  private final Clock clock;
  private final Life life;
  private final LongSupplier slowness;
  private final Runnable afterEach;
  private long lastStart;

  /**
   * @param slowness how long a task waits before it starts, as for a busy disk
   * @param afterEach run after each task, to look for broken invariants
   */
  NodeLoop(EventLoop inner, Clock clock, Life life, LongSupplier slowness, Runnable afterEach) {
    this.inner = inner;
    this.clock = clock;
    this.life = life;
    this.slowness = slowness;
    this.afterEach = afterEach;
  }

  @Override
  public String name() {
    return inner.name();
  }

  @Override
  public boolean inEventLoop() {
    return inner.inEventLoop();
  }

  @Override
  public void execute(Runnable task) {
    if (!life.alive) {
      throw new RejectedExecutionException(life + " is over");
    }
    long now = clock.monotonicNanos();
    long delay = slowness.getAsLong();
    if (delay == 0 && lastStart <= now) {
      inner.execute(mortal(task));
    } else {
      lastStart = Math.max(lastStart, now + delay);
      inner.schedule(mortal(task), lastStart - now);
    }
  }

  @Override
  public boolean tryExecute(Runnable task) {
    if (!life.alive) {
      return false;
    }
    execute(task);
    return true;
  }

  @Override
  public Timer schedule(Runnable task, long delayNanos) {
    return inner.schedule(mortal(task), delayNanos);
  }

  private Runnable mortal(Runnable task) {
    return () -> {
      if (life.alive) {
        try {
          task.run();
        } catch (LogStorageException e) {
          // A loop notes it and goes on: the log has gone offline, or is.
        }
        afterEach.run();
      }
    };
  }
}
