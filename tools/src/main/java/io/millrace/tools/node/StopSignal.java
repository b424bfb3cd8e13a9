package io.millrace.tools.node;

import io.millrace.tools.ExitCode;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ctrl-C and SIGTERM are how commands that run until they are stopped are meant to end. One rule
 * for all of them: a stop in good order is a success, exit code 0, whichever signal asked for it;
 * one that fails or takes too long is {@link ExitCode#FAILED}.
 *
 * <p>The JVM answers a signal by running shutdown hooks while the main thread goes on, and would
 * exit with 128 + the signal's number. The hook here asks the command to stop, waits for it, and
 * ends the process itself. When the command ends by itself ({@link #exit}) the hook does nothing.
 */
public final class StopSignal {

  private static final AtomicBoolean ENDED_BY_ITSELF = new AtomicBoolean();

  private final CountDownLatch done = new CountDownLatch(1);

  private StopSignal() {}

  /** Ends the process with what the command returned. */
  public static void exit(int code) {
    ENDED_BY_ITSELF.set(true);
    System.exit(code);
  }

  /**
   * From now on a signal stops the command in order.
   *
   * @param stop asks the command to stop, or stops it; on the hook's thread
   * @param patience how long {@link #done} may be away after that
   */
  public static StopSignal install(Runnable stop, Duration patience) {
    StopSignal signal = new StopSignal();
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> signal.stop(stop, patience), "millrace-stop"));
    return signal;
  }

  /** The command has stopped in order. Any thread. */
  public void done() {
    done.countDown();
  }

  private void stop(Runnable stop, Duration patience) {
    if (ENDED_BY_ITSELF.get() || done.getCount() == 0) {
      return; // the process ends for another reason, with its own code
    }
    boolean isInOrder = false;
    try {
      stop.run();
      isInOrder = done.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      System.err.println("millrace: the stop failed: " + e);
    }
    Runtime.getRuntime().halt(isInOrder ? ExitCode.OK : ExitCode.FAILED);
  }
}
