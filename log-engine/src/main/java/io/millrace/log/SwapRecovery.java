package io.millrace.log;

import io.millrace.log.segment.BatchScanner;
import io.millrace.log.segment.SegmentFiles;
import io.millrace.log.storage.AtomicFile;
import io.millrace.log.storage.LogFile;
import io.millrace.log.storage.LogStorage;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Completes, at start, a {@link SegmentSwap} that a crash cut short: the segment with the suffix is
 * whole, so what is left of those whose offsets it covers goes.
 */
final class SwapRecovery {

  private static final Logger LOG = LoggerFactory.getLogger(SwapRecovery.class);

  private SwapRecovery() {}

  static void complete(LogStorage storage, String directory) throws IOException {
    List<String> names = storage.list(directory);
    for (String name : names) {
      long base = SegmentFiles.offsetOf(name, SegmentFiles.LOG + SegmentFiles.SWAP);
      if (base >= 0) {
        complete(storage, directory, names, base);
      }
    }
  }

  private static void complete(LogStorage storage, String directory, List<String> names, long base)
      throws IOException {
    String swap =
        AtomicFile.join(directory, SegmentFiles.name(base, SegmentFiles.LOG + SegmentFiles.SWAP));
    long end = endOf(storage, swap, base);
    for (String name : names) {
      for (String suffix : List.of(SegmentFiles.LOG, SegmentFiles.INDEX, SegmentFiles.TIME_INDEX)) {
        long offset = SegmentFiles.offsetOf(name, suffix);
        if (offset >= base && offset < end) {
          storage.delete(AtomicFile.join(directory, name));
        }
      }
      long snapshot = SegmentFiles.offsetOf(name, SegmentFiles.PRODUCERS);
      if (snapshot > base && snapshot < end) {
        storage.delete(AtomicFile.join(directory, name));
      }
    }
    storage.syncDirectory(directory); // or a source could come back beside the new segment
    storage.rename(swap, AtomicFile.join(directory, SegmentFiles.name(base, SegmentFiles.LOG)));
    storage.syncDirectory(directory);
    LOG.info(
        "completed the swap of a cleaned segment path={}/{} segment={} end={}",
        storage.describe(),
        directory,
        base,
        end);
  }

  private static long endOf(LogStorage storage, String path, long base) throws IOException {
    try (LogFile file = storage.open(path, false)) {
      BatchScanner batches = new BatchScanner(file, 0, file.size());
      long end = base + 1; // its own name at least
      while (batches.next()) {
        end = batches.lastOffset() + 1;
      }
      return end;
    }
  }
}
