package io.millrace.log;

import io.millrace.concurrent.EventLoop;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * What a directory asks of its disk without waiting for it: runs on the flush loop, and when it
 * fails the append loop takes the directory out of service. Any thread.
 */
final class FlushLoopWork {

  /** Something that waits for the disk. */
  interface DiskWork {
    void run() throws IOException;
  }

  private final EventLoop appendLoop;
  private final EventLoop flushLoop;
  private final LogHost host;

  FlushLoopWork(EventLoop appendLoop, EventLoop flushLoop, LogHost host) {
    this.appendLoop = appendLoop;
    this.flushLoop = flushLoop;
    this.host = host;
  }

  void run(DiskWork work) {
    runThen(work, () -> {});
  }

  /** Goes on with the task on the flush loop when the work is done, and not when it failed. */
  void runThen(DiskWork work, Runnable then) {
    flushLoop.execute(
        () -> {
          try {
            work.run();
            then.run();
          } catch (IOException e) {
            failed(e);
          }
        });
  }

  void runLater(DiskWork work, long delayMs) {
    appendLoop.schedule(() -> run(work), TimeUnit.MILLISECONDS.toNanos(delayMs));
  }

  /** Takes the directory out of service, from another thread than the append loop's. */
  void failed(IOException cause) {
    appendLoop.execute(() -> host.failed(cause));
  }
}
