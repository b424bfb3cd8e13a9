package io.millrace.concurrent;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * One daemon thread for calls that block and that no loop may make, such as looking up a host's
 * name. It starts with the first task and ends when there has been none for a while. At most {@link
 * #MAX_WAITING_TASKS} wait; more are refused. Any thread.
 */
public final class IdleThreadExecutor implements Executor {

  public static final int MAX_WAITING_TASKS = 1024;

  private static final int IDLE_SECONDS = 5;

  private final ThreadPoolExecutor executor;

  public IdleThreadExecutor(String name) {
    this.executor =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING_TASKS),
            task -> {
              Thread thread = new Thread(task, name);
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
  }

  /**
   * @throws java.util.concurrent.RejectedExecutionException when too many tasks wait
   */
  @Override
  public void execute(Runnable task) {
    executor.execute(task);
  }
}
