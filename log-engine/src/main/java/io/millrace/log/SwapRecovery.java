package io.millrace.log;

import io.millrace.log.segment.BatchScanner;
import io.millrace.log.segment.SegmentFiles;
import io.millrace.log.storage.AtomicFile;
import io.millrace.log.storage.LogFile;
import io.millrace.log.storage.LogStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settles, at start, a {@link SegmentSwap} that a crash cut short. Its intention names a segment
 * and an offset: if the segment reaches there it is the cleaned one, and what is left of the others
 * goes; if not, the swap did not happen, and the intention is dropped.
 */
final class SwapRecovery {

  private static final Logger LOG = LoggerFactory.getLogger(SwapRecovery.class);

  private SwapRecovery() {}

  static void settle(LogStorage storage, String directory) throws IOException {
    List<String> names = storage.list(directory);
    for (String name : names) {
      long base = SegmentFiles.offsetOf(name, SegmentFiles.SWAP);
      if (base >= 0) {
        String intention = AtomicFile.join(directory, name);
        byte[] bytes = AtomicFile.read(storage, intention);
        long end =
            bytes == null || bytes.length != Long.BYTES ? -1 : ByteBuffer.wrap(bytes).getLong();
        if (end > base && endOf(storage, directory, base) == end) {
          complete(storage, directory, names, base, end);
        }
        storage.delete(intention);
        storage.syncDirectory(directory);
      }
    }
  }

  private static void complete(
      LogStorage storage, String directory, List<String> names, long base, long end)
      throws IOException {
    for (String name : names) {
      long log = SegmentFiles.offsetOf(name, SegmentFiles.LOG);
      long snapshot = SegmentFiles.offsetOf(name, SegmentFiles.PRODUCERS);
      long index =
          Math.max(
              SegmentFiles.offsetOf(name, SegmentFiles.INDEX),
              SegmentFiles.offsetOf(name, SegmentFiles.TIME_INDEX));
      boolean isSource = Math.max(log, snapshot) > base && Math.max(log, snapshot) < end;
      boolean isIndex = index >= base && index < end; // the first may be the replaced segment's
      if (isSource || isIndex) {
        storage.delete(AtomicFile.join(directory, name));
      }
    }
    storage.syncDirectory(directory); // before the intention goes
    LOG.info(
        "completed the swap of a cleaned segment path={}/{} segment={} end={}",
        storage.describe(),
        directory,
        base,
        end);
  }

  /** Where the batches of a segment end, -1 when there is none. */
  private static long endOf(LogStorage storage, String directory, long base) throws IOException {
    String path = AtomicFile.join(directory, SegmentFiles.name(base, SegmentFiles.LOG));
    if (!storage.exists(path)) {
      return -1;
    }
    try (LogFile file = storage.open(path, false)) {
      BatchScanner batches = new BatchScanner(file, 0, file.size());
      long end = -1;
      while (batches.next()) {
        end = batches.lastOffset() + 1;
      }
      return end;
    }
  }
}
