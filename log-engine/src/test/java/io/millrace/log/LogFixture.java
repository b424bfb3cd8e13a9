package io.millrace.log;

import io.millrace.log.simulated.Batches;
import io.millrace.log.simulated.ManualClock;
import io.millrace.log.simulated.ManualLoop;
import io.millrace.log.simulated.SimulatedStorage;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.record.MemoryRecords;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** One directory on a simulated disk, and one log in it. */
final class LogFixture {

  static final TopicPartitionId ID = new TopicPartitionId(new Uuid(1, 2), "orders", 3);
  static final int EPOCH = 5;

  final ManualClock clock = new ManualClock(1_000_000);
  final SimulatedStorage disk = new SimulatedStorage("disk-a");
  final ManualLoop appendLoop = new ManualLoop("append", clock);
  final ManualLoop flushLoop = new ManualLoop("flush", clock);
  final ManualLoop cleanerLoop = new ManualLoop("cleaner", clock);
  LogManagerConfig managerConfig = LogManagerConfig.DEFAULT;
  LogConfig config;
  LogManager manager;
  PartitionLog log;

  LogFixture(String... settings) {
    config = settings(settings);
    manager = open();
    log = manager.getOrCreate(ID, config);
    run();
  }

  static LogConfig settings(String... settings) {
    LogConfig.Builder builder = LogConfig.DEFAULT.toBuilder();
    for (int i = 0; i < settings.length; i += 2) {
      builder.set(settings[i], settings[i + 1]);
    }
    return builder.build().with(Map.of());
  }

  private LogManager open() {
    return LogManager.open(
        managerConfig.withDefaults(config),
        List.of(new LogDirectory(disk, appendLoop, List.of(flushLoop), List.of(cleanerLoop))),
        clock);
  }

  /** Lets all loops do all that is due. */
  void run() {
    ManualLoop.runAll(appendLoop, flushLoop, cleanerLoop);
  }

  /** Lets the loops do so many tasks in turn, if they have as many. */
  void runSteps(int steps) {
    List<ManualLoop> loops = List.of(appendLoop, flushLoop, cleanerLoop);
    for (int left = steps, idle = 0; left > 0 && idle < loops.size(); idle++) {
      for (ManualLoop loop : loops) {
        if (left > 0 && loop.runOne()) {
          left--;
          idle = -1;
        }
      }
    }
  }

  /** Appends as leader and runs everything, so that it is durable. */
  AppendResult append(MemoryRecords records) {
    AppendResult result = log.appendAsLeader(records, EPOCH);
    run();
    return result;
  }

  AppendResult append(String... values) {
    return append(Batches.of(clock.wallMillis(), values));
  }

  /** Starts again on what the disk has. The loops forget what they had to do. */
  void reopen() {
    appendLoop.clear();
    flushLoop.clear();
    cleanerLoop.clear();
    manager.abandon();
    manager = open();
    log = manager.getOrCreate(ID, config);
    run();
  }

  void killAndReopen() {
    disk.kill();
    reopen();
  }

  void crashAndReopen() {
    disk.crash();
    reopen();
  }

  void stopAndReopen() {
    manager.shutdown();
    run();
    reopen();
  }

  /** Reads from an offset to the end with small fetches; the taker releases what it is given. */
  void read(long from, Consumer<MemoryRecords> taker) {
    long next = from;
    while (next < log.logEndOffset()) {
      LogRead read = log.read(next, 100, Long.MAX_VALUE, true);
      if (!(read instanceof LogRead.Data data) || data.nextOffset() <= next) {
        throw new AssertionError("read at " + next + " gave " + read);
      }
      taker.accept((MemoryRecords) data.records());
      next = data.nextOffset();
    }
  }

  List<String> valuesFrom(long from) {
    List<String> values = new ArrayList<>();
    read(from, records -> values.addAll(Batches.values(records)));
    return values;
  }

  List<String> values() {
    return valuesFrom(log.logStartOffset());
  }
}
