package io.millrace.log;

import io.millrace.log.producer.ProducerBatch;
import io.millrace.log.producer.ProducerStateTable;
import io.millrace.log.segment.BatchScanner;
import io.millrace.log.segment.Segment;
import io.millrace.log.segment.SegmentFiles;
import io.millrace.log.storage.AtomicFile;
import io.millrace.log.storage.LogStorage;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds the producer table anew: from the newest good snapshot, then from the headers of the
 * batches behind it.
 */
final class ProducerReplay {

  private static final Logger LOG = LoggerFactory.getLogger(ProducerReplay.class);

  private ProducerReplay() {}

  /**
   * @param snapshots offsets of the snapshots on disk, ascending, none above the log end
   * @param nowMs when the producers found are taken to have been active last: later than the truth,
   *     so none is forgotten early
   */
  static void rebuild(
      LogStorage storage,
      String directory,
      List<Long> snapshots,
      List<Segment> segments,
      ProducerStateTable table,
      long nowMs)
      throws IOException {
    long from = load(storage, directory, snapshots, table);
    for (Segment segment : segments) {
      if (segment.nextOffset() > from) {
        replay(segment, from, table, nowMs);
      }
    }
  }

  private static long load(
      LogStorage storage, String directory, List<Long> snapshots, ProducerStateTable table)
      throws IOException {
    for (int i = snapshots.size() - 1; i >= 0; i--) {
      long offset = snapshots.get(i);
      String path = AtomicFile.join(directory, SegmentFiles.name(offset, SegmentFiles.PRODUCERS));
      byte[] bytes = AtomicFile.read(storage, path);
      try {
        if (bytes != null) {
          table.load(bytes);
          return offset;
        }
      } catch (IllegalArgumentException e) {
        LOG.warn(
            "producer snapshot is damaged, using an older one path={}/{} reason={}",
            storage.describe(),
            path,
            e.getMessage());
      }
    }
    table.clear();
    return 0;
  }

  private static void replay(Segment segment, long from, ProducerStateTable table, long nowMs)
      throws IOException {
    BatchScanner batches = segment.scanFrom(from);
    while (batches.next()) {
      if (batches.producerId() >= 0 && batches.baseOffset() >= from) {
        table.update(
            new ProducerBatch(
                batches.producerId(),
                batches.producerEpoch(),
                batches.baseSequence(),
                (int) (batches.lastOffset() - batches.baseOffset() + 1), // as it was sent
                batches.baseOffset(),
                batches.lastOffset(),
                batches.isTransactional(),
                batches.isControl()),
            nowMs);
      }
    }
  }
}
