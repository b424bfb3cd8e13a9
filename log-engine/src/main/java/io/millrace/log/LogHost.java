package io.millrace.log;

import io.millrace.log.segment.Segment;
import java.io.IOException;

/** What a log asks of the directory it lives in. All on the append loop. */
interface LogHost {

  /** Writes the log's staged batches before the loop's current turn ends. */
  void writeSoon(SegmentedLog log);

  /** Lets the next flush cover the log. */
  void flushSoon(SegmentedLog log);

  /** Takes the whole directory out of service. */
  void failed(IOException cause);

  /**
   * Writes the checkpoint now and waits for the disk: a recovery point must not stay beyond a
   * truncation.
   */
  void checkpointNow() throws IOException;

  /** Deletes a renamed segment once its readers had their time. */
  void removeLater(Segment segment, long delayMs);
}
