package io.millrace.concurrent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jctools.queues.MpscArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The {@link EventLoop} of production: one named daemon thread behind a bounded lock-free queue. It
 * takes what waits in the queue, runs the timers that are due, and parks when there is nothing to
 * do; an idle loop costs no CPU. A hand-over to a sleeping loop wakes it once, however many tasks
 * come while it wakes.
 *
 * <pre>
 *   OPEN --close()--> CLOSING --queue empty--> CLOSED
 * </pre>
 *
 * <ul>
 *   <li>OPEN: takes tasks and timers.
 *   <li>CLOSING: refuses new tasks; runs those it has; timers are dropped.
 *   <li>CLOSED: the thread has ended, or ends without running another task.
 * </ul>
 *
 * <p>A task that was accepted is run, also when the loop is closed at that moment; a task that was
 * refused is not.
 */
public final class ThreadEventLoop implements EventLoop, AutoCloseable {

  /** Tasks that may wait; {@link #execute} throws beyond it. */
  public static final int DEFAULT_QUEUE_CAPACITY = 16 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(ThreadEventLoop.class);

  /** Tasks run before timers are looked at again, so that a flood of tasks cannot starve them. */
  private static final int TASKS_PER_TURN = 1024;

  private enum State {
    OPEN,
    CLOSING,
    CLOSED
  }

  private final String name;
  private final Clock clock;
  private final LoopFailureHandler failureHandler;
  private final MpscArrayQueue<Runnable> queue;
  private final int tryExecuteMark;
  private final WakeUp wakeUp = new WakeUp();
  private final TimerHeap timers = new TimerHeap(); // confined to the loop
  private final Thread thread;
  private final CompletableFuture<Void> terminated = new CompletableFuture<>();

  /** Guards the last drain, and after it the consumer's end of the queue and {@link #orphans}. */
  private final Object lastDrain = new Object();

  private final List<Runnable> orphans = new ArrayList<>();
  private volatile State state = State.OPEN;

  /** A loop with the default queue; its thread starts at once. */
  public ThreadEventLoop(String name, Clock clock, LoopFailureHandler failureHandler) {
    this(name, clock, failureHandler, DEFAULT_QUEUE_CAPACITY);
  }

  /**
   * @param queueCapacity rounded up to a power of two; {@link #tryExecute} refuses at three
   *     quarters of it
   */
  @SuppressWarnings(
      "ThisEscapedInObjectConstruction") // the last statement of a final class: every field is set
  public ThreadEventLoop(
      String name, Clock clock, LoopFailureHandler failureHandler, int queueCapacity) {
    this.name = name;
    this.clock = clock;
    this.failureHandler = failureHandler;
    this.queue = new MpscArrayQueue<>(queueCapacity);
    this.tryExecuteMark = queue.capacity() - queue.capacity() / 4;
    this.thread = new Thread(this::run, name);
    this.thread.setDaemon(true);
    this.thread.start();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean inEventLoop() {
    return Thread.currentThread() == thread;
  }

  /** Tasks that wait now; an estimate while others hand over. Any thread. */
  public int queuedTasks() {
    return queue.size();
  }

  // hot: every produce and fetch passes here
  @Override
  public void execute(Runnable task) {
    if (state != State.OPEN) {
      throw new RejectedExecutionException("loop " + name + " is closed");
    }
    if (!queue.offer(task)) {
      throw new RejectedExecutionException(
          "loop " + name + " is full: " + queue.capacity() + " tasks wait");
    }
    if (!settleAfterOffer(task)) {
      throw new RejectedExecutionException("loop " + name + " is closed");
    }
  }

  @Override
  public boolean tryExecute(Runnable task) {
    return state == State.OPEN
        && queue.offerIfBelowThreshold(task, tryExecuteMark)
        && settleAfterOffer(task);
  }

  @Override
  public Timer schedule(Runnable task, long delayNanos) {
    if (delayNanos < 0) {
      throw new IllegalArgumentException("delay " + delayNanos + " is negative, loop=" + name);
    }
    LoopTimer timer = new LoopTimer(clock.monotonicNanos() + delayNanos, task);
    if (inEventLoop()) {
      timers.add(timer);
    } else {
      execute(timer::start);
    }
    return timer;
  }

  /**
   * Refuses new tasks, lets those already accepted run, then ends the thread.
   *
   * @return completes, on the ending thread, when no task will run any more
   */
  public CompletableFuture<Void> shutdown() {
    synchronized (lastDrain) {
      if (state == State.OPEN) {
        state = State.CLOSING;
      }
    }
    LockSupport.unpark(thread);
    return terminated.copy();
  }

  /**
   * {@link #shutdown} and, unless called on the loop, waits up to ten seconds for the thread to
   * end.
   */
  @Override
  public void close() {
    shutdown();
    if (!inEventLoop() && !awaitTermination(Duration.ofSeconds(10))) {
      LOG.warn("loop did not end in time loop={} queuedTasks={}", name, queuedTasks());
    }
  }

  /** Waits for the thread to end; keeps the caller's interrupt. Never on the loop. */
  public boolean awaitTermination(Duration timeout) {
    assert !inEventLoop() : "loop " + name + " waits for itself";
    try {
      thread.join(Math.max(1, timeout.toMillis()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return !thread.isAlive();
  }

  @Override
  public String toString() {
    return "ThreadEventLoop(" + name + ", " + state + ")";
  }

  /**
   * Wakes the loop when it sleeps. And settles the race with {@link #shutdown}: the task was put
   * into the queue after the state was seen OPEN, but the last drain may have gone by in between.
   *
   * @return false when the task will not run
   */
  private boolean settleAfterOffer(Runnable task) {
    if (wakeUp.takesWakeUp()) { // has the full fence that the read of the state below needs too
      LockSupport.unpark(thread);
    }
    return state != State.CLOSED || ranInLastDrain(task);
  }

  private boolean ranInLastDrain(Runnable task) {
    synchronized (lastDrain) {
      for (Runnable left = queue.poll(); left != null; left = queue.poll()) {
        orphans.add(left);
      }
      for (int i = 0; i < orphans.size(); i++) {
        if (orphans.get(i) == task) {
          orphans.remove(i);
          return false;
        }
      }
      return true;
    }
  }

  private void run() {
    try {
      while (state == State.OPEN) {
        runQueuedTasks(TASKS_PER_TURN);
        runDueTimers();
        if (queue.isEmpty()) {
          sleep();
        }
      }
      timers.clear();
      runQueuedTasks(Integer.MAX_VALUE);
      synchronized (lastDrain) {
        // From here whoever has put a task into the queue and still reads CLOSING has done so
        // before this store, hence the
        // drain below runs it; whoever reads CLOSED waits for the drain and asks whether its task
        // was in it.
        state = State.CLOSED;
        runQueuedTasks(Integer.MAX_VALUE);
      }
    } finally {
      state = State.CLOSED;
      terminated.complete(null);
    }
  }

  private void runQueuedTasks(int limit) {
    for (int i = 0; i < limit; i++) {
      Runnable task = queue.poll();
      if (task == null) {
        return;
      }
      run(task);
    }
  }

  private void runDueTimers() {
    TimerHeap.Entry first = timers.peek();
    if (first == null) {
      return;
    }
    // One reading of the clock per turn: a timer that re-arms itself with no delay waits for the
    // next turn.
    long now = clock.monotonicNanos();
    while (first != null && first.deadlineNanos - now <= 0) {
      timers.remove(first);
      ((LoopTimer) first).fire();
      first = timers.peek();
    }
  }

  private void sleep() {
    wakeUp.announceSleep();
    if (queue.isEmpty() && state == State.OPEN) {
      TimerHeap.Entry first = timers.peek();
      if (first == null) {
        LockSupport.park(this);
      } else {
        long wait = first.deadlineNanos - clock.monotonicNanos();
        if (wait > 0) {
          LockSupport.parkNanos(this, Math.min(wait, TimeUnit.DAYS.toNanos(1)));
        }
      }
    }
    wakeUp.awake();
    if (Thread.interrupted()) {
      LOG.debug("interrupt ignored loop={}", name); // or park would return at once from now on
    }
  }

  @SuppressWarnings("CatchingUnchecked") // the loop outlives any task
  private void run(Runnable task) {
    try {
      task.run();
    } catch (Throwable failure) {
      try {
        failureHandler.taskFailed(this, failure);
      } catch (Throwable second) {
        second.addSuppressed(failure);
        LOG.error("failure handler failed loop={}", name, second);
      }
    }
  }

  /** One scheduled task; its atomic bit decides between firing and cancelling. */
  private final class LoopTimer extends TimerHeap.Entry implements Timer {
    private final AtomicBoolean settled = new AtomicBoolean();
    private @Nullable Runnable
        task; // confined to the loop after construction, but for the release in cancel

    LoopTimer(long deadlineNanos, Runnable task) {
      super(deadlineNanos);
      this.task = task;
    }

    void start() {
      if (!settled.get()) {
        timers.add(this);
      }
    }

    void fire() {
      Runnable toRun = task;
      if (settled.compareAndSet(false, true) && toRun != null) {
        task = null;
        run(toRun);
      }
    }

    @Override
    public void cancel() {
      if (!settled.compareAndSet(false, true)) {
        return;
      }
      task = null; // who won the bit owns the task: the loop has not run it and will not
      if (inEventLoop()) {
        timers.remove(this);
      } else {
        // Best effort: the entry is a few words and leaves at its deadline anyway.
        tryExecute(() -> timers.remove(this));
      }
    }
  }
}
