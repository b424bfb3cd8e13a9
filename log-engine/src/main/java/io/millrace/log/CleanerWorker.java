package io.millrace.log;

import io.millrace.concurrent.EventLoop;
import io.millrace.log.compact.Compaction;
import io.millrace.log.compact.LatestOffsets;
import io.millrace.log.segment.Segment;
import io.millrace.protocol.record.CorruptRecordsException;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One cleaner loop's work in one directory: at most one cleaning at a time, in steps.
 *
 * <pre>
 *   append loop    look | claim |         | begin      | install      | retire      | end
 *   cleaner loop        choose  step step      intention         sync          sync   step ...
 * </pre>
 *
 * <p>Each method says where it runs. What is handed from loop to loop is handed with the task.
 */
final class CleanerWorker {

  private static final Logger LOG = LoggerFactory.getLogger(CleanerWorker.class);

  /** Read in one go, before other tasks of the loop have their turn and a limit is heeded. */
  private static final int STEP_BYTES = 1 << 20;

  /** After a failure that may pass, a full disk for one. */
  private static final long RETRY_MS = 600_000;

  private static final SecureRandom SECRETS = new SecureRandom();

  private final LogCleaner cleaner;
  private final EventLoop loop;
  private volatile CleanerStats stats = CleanerStats.NONE;

  /** The cleaning under way, which holds memory of the node's; confined to the cleaner loop. */
  private @Nullable Run current;

  CleanerWorker(LogCleaner cleaner, EventLoop loop) {
    this.cleaner = cleaner;
    this.loop = loop;
  }

  EventLoop loop() {
    return loop;
  }

  CleanerStats stats() {
    return stats;
  }

  /** A cleaning under way; confined to the cleaner loop. */
  private static final class Run {
    final CleaningInput input;
    final Compaction compaction;
    final long memory;
    final long startNanos;
    long throttled; // bytes that a rest was taken for

    Run(CleaningInput input, Compaction compaction, long memory, long startNanos) {
      this.input = input;
      this.compaction = compaction;
      this.memory = memory;
      this.startNanos = startNanos;
    }
  }

  void onCleanerLoop(Runnable task) {
    loop.execute(task);
  }

  private void toCleaner(Runnable task) {
    loop.execute(
        () -> {
          if (!cleaner.isStopped()) {
            task.run();
          }
        });
  }

  private void toAppend(Runnable task) {
    cleaner.onAppendLoop(loop, task);
  }

  /** Any thread. */
  void lookLater() {
    cleaner.afterBackoff(this::look);
  }

  /** Append loop: what there is to clean. */
  private void look() {
    long now = cleaner.clock.wallMillis();
    List<CleaningInput> inputs = new ArrayList<>();
    for (SegmentedLog log : cleaner.logs.get()) {
      CleaningInput input = log.cleaningInput(now);
      if (input != null) {
        inputs.add(input);
      }
    }
    toCleaner(() -> choose(inputs));
  }

  /** Cleaner loop. */
  private void choose(List<CleaningInput> inputs) {
    long now = cleaner.clock.wallMillis();
    CleaningInput.Choice best = null;
    double maxRatio = 0;
    for (CleaningInput input : inputs) {
      try {
        CleaningInput.Choice choice = input.choose(now);
        maxRatio = Math.max(maxRatio, choice.ratio());
        if (choice.due() && (best == null || choice.ratio() > best.ratio())) {
          best = choice;
        }
      } catch (IOException e) {
        toAppend(() -> giveUp(input, e));
      }
    }
    CleanerStats old = stats;
    stats =
        new CleanerStats(
            old.cleanings(),
            old.bytesRead(),
            old.bytesWritten(),
            old.lastBytesPerSecond(),
            maxRatio,
            old.lastRunMs(),
            0);
    if (best == null) {
      lookLater();
    } else {
      CleaningInput.Choice choice = best;
      toAppend(() -> claim(choice));
    }
  }

  /** Append loop. */
  private void claim(CleaningInput.Choice choice) {
    Set<Long> remembered = choice.input().log().beginCleaning(choice);
    if (remembered == null) {
      look(); // another worker was quicker, or the log was cut
    } else {
      toCleaner(() -> begin(choice, remembered));
    }
  }

  /** Cleaner loop. */
  private void begin(CleaningInput.Choice choice, Set<Long> remembered) {
    CleaningInput input = choice.input();
    List<Segment> segments = choice.segments();
    long end = segments.get(segments.size() - 1).nextOffset();
    long keys = Math.max(0, end - input.firstDirty());
    long memory = LatestOffsets.bytesFor(cleaner.budget.memoryPerCleaning(), keys);
    if (!cleaner.budget.takeMemory(memory)) {
      loop.schedule(() -> toCleaner(() -> begin(choice, remembered)), cleaner.backoffNanos);
      return;
    }
    LogConfig config = input.config();
    Compaction.Task task =
        new Compaction.Task(
            input.log().storage(),
            input.log().directory(),
            segments,
            input.firstDirty(),
            remembered,
            config.segmentBytes(),
            config.indexIntervalBytes(),
            memory,
            cleaner.clock.wallMillis(),
            config.compaction().deleteRetentionMs());
    Compaction compaction;
    try {
      compaction = new Compaction(task, SECRETS.nextLong(), SECRETS.nextLong());
    } catch (RuntimeException | Error e) { // want of memory, above all
      cleaner.budget.giveMemoryBack(memory);
      ended(input, e);
      return;
    }
    Run run = new Run(input, compaction, memory, cleaner.clock.monotonicNanos());
    current = run;
    step(run);
  }

  /** Cleaner loop: a piece of work, and then a rest as long as the limit asks for. */
  private void step(Run run) {
    Compaction compaction = run.compaction;
    try {
      compaction.step(STEP_BYTES);
      if (compaction.phase() == Compaction.Phase.READY) {
        rewritten(run);
        return;
      }
    } catch (IOException | RuntimeException | Error e) {
      failed(run, e);
      return;
    }
    if (compaction.phase() == Compaction.Phase.DONE) {
      finish(run);
    } else {
      rest(run);
    }
  }

  private void rest(Run run) {
    long bytes = run.compaction.bytesRead() + run.compaction.bytesWritten();
    long nanos = cleaner.budget.restNanos(bytes - run.throttled);
    run.throttled = bytes;
    Runnable next =
        () -> {
          if (!cleaner.isStopped()) {
            step(run);
          }
        };
    if (nanos == 0) {
      loop.execute(next);
    } else {
      loop.schedule(next, nanos);
    }
  }

  /** Cleaner loop: a group is ready. Everything slow happens before the append loop is asked. */
  private void rewritten(Run run) throws IOException {
    Compaction.Rewritten rewritten = run.compaction.rewritten();
    try {
      rewritten.cleaned().file().force();
    } catch (IOException e) {
      failedFlush(run, e);
      return;
    }
    for (Segment source : rewritten.sources()) {
      source.pin();
    }
    toAppend(() -> swap(run, rewritten));
  }

  /** Append loop: begins, and goes on as each step's names are on disk. */
  private void swap(Run run, Compaction.Rewritten rewritten) {
    SegmentSwap swap = run.input.log().beginSwap(run.input.generation(), rewritten);
    if (swap == null) {
      toCleaner(() -> failed(run, null));
      return;
    }
    onDisk(
        run,
        () -> swap.writeIntention(run.input.log().storage(), run.input.log().directory()),
        () -> install(run, swap));
  }

  /** Append loop. */
  private void install(Run run, SegmentSwap swap) {
    inAppend(
        run,
        () -> {
          if (swap.install()) {
            synced(run, () -> inAppend(run, () -> retire(run, swap)));
          } else {
            toCleaner(() -> failed(run, null));
          }
        });
  }

  /** Append loop. */
  private void retire(Run run, SegmentSwap swap) throws IOException {
    swap.retire();
    synced(
        run,
        () ->
            inAppend(
                run,
                () -> {
                  swap.end();
                  toCleaner(
                      () -> {
                        run.compaction.swapped();
                        rest(run);
                      });
                }));
  }

  private interface DiskWork {
    void run() throws IOException;
  }

  /** Append loop; a log that is gone meanwhile ends the cleaning. */
  private void inAppend(Run run, DiskWork work) {
    if (!run.input.log().isServing()) {
      toCleaner(() -> failed(run, null));
      return;
    }
    try {
      work.run();
    } catch (IOException e) {
      diskFailed(run, e);
    }
  }

  /** The cleaner loop makes the names durable; then the append loop goes on. */
  private void synced(Run run, Runnable then) {
    SegmentedLog log = run.input.log();
    onDisk(run, () -> log.storage().syncDirectory(log.directory()), then);
  }

  /** The cleaner loop waits for the disk; then the append loop goes on. */
  private void onDisk(Run run, DiskWork work, Runnable then) {
    toCleaner(
        () -> {
          try {
            work.run();
          } catch (IOException e) {
            failedFlush(run, e);
            return;
          }
          toAppend(then);
        });
  }

  /** Cleaner loop: what was forced may be lost, as after any flush that failed. */
  private void failedFlush(Run run, IOException e) {
    toAppend(() -> diskFailed(run, e));
  }

  /** Append loop. */
  private void diskFailed(Run run, IOException e) {
    if (run.input.log().isServing()) {
      cleaner.host.failed(e);
    }
    toCleaner(() -> failed(run, null));
  }

  /** Cleaner loop. */
  private void finish(Run run) {
    Compaction done = run.compaction;
    giveMemoryBack(run);
    long nanos = Math.max(1, cleaner.clock.monotonicNanos() - run.startNanos);
    CleanerStats old = stats;
    stats =
        new CleanerStats(
            old.cleanings() + 1,
            old.bytesRead() + done.bytesRead(),
            old.bytesWritten() + done.bytesWritten(),
            (long) (done.bytesRead() * 1e9 / nanos),
            old.maxDirtyRatio(),
            cleaner.clock.wallMillis(),
            0);
    LOG.info(
        "cleaned log partition={} from={} to={} keys={} records={} kept={} withoutKey={} bytesRead={}"
            + " bytesWritten={} ms={}",
        run.input.log().id(),
        run.input.firstDirty(),
        done.mappedEnd(),
        done.keys(),
        done.recordsRead(),
        done.recordsKept(),
        done.withoutKey(),
        done.bytesRead(),
        done.bytesWritten(),
        TimeUnit.NANOSECONDS.toMillis(nanos));
    toAppend(
        () -> {
          run.input.log().endCleaning(run.input.generation(), done);
          look();
        });
  }

  /**
   * Cleaner loop: ends a cleaning that cannot go on.
   *
   * @param cause null when the log changed, which is nobody's fault
   */
  private void failed(Run run, @Nullable Throwable cause) {
    giveMemoryBack(run);
    abandon(run);
    ended(run.input, cause);
  }

  private void ended(CleaningInput input, @Nullable Throwable cause) {
    toAppend(
        () -> {
          input.log().abortCleaning();
          if (cause != null) {
            giveUp(input, cause);
          }
          lookLater();
        });
  }

  private void giveMemoryBack(Run run) {
    current = null;
    cleaner.budget.giveMemoryBack(run.memory);
  }

  private static void abandon(Run run) {
    try {
      run.compaction.abandon();
    } catch (IOException e) {
      LOG.debug("cannot remove what a cleaning left partition={}", run.input.log().id(), e);
    }
  }

  /**
   * Cleaner loop, when no step begins any more: what was under way lets go of what it holds. The
   * memory is the whole node's, whose other directories go on.
   */
  void letGo() {
    Run run = current;
    if (run == null) {
      return;
    }
    giveMemoryBack(run);
    if (run.compaction.phase() != Compaction.Phase.READY) { // else it may be the log's by now
      abandon(run);
    }
  }

  /** Append loop: the log is left alone for a while, unless it was only that it changed. */
  private void giveUp(CleaningInput input, Throwable cause) {
    if (!input.log().isServing() || !input.log().isUnchanged(input)) {
      return;
    }
    boolean forever = cause instanceof CorruptRecordsException;
    long until = forever ? Long.MAX_VALUE : cleaner.clock.wallMillis() + RETRY_MS;
    if (input.log().markUncleanable(String.valueOf(cause.getMessage()), until)) {
      LOG.warn(
          "log cannot be cleaned and grows until that is mended partition={} retry={} reason={}",
          input.log().id(),
          forever ? "after a restart" : "in " + RETRY_MS + " ms",
          cause.toString(),
          cause);
    }
  }
}
