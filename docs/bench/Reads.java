import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;

/**
 * When each partition was last read by a member of the group, and for how long records waited for one.
 *
 * <p>A partition's stop begins when a reader outside of the group has got a record that no member has read, not when the last one was read: a
 * producer or a disk that pauses is no stop of the group.
 */
final class Reads {
  /** A wait up to this long is the ordinary beat of records and polls. */
  private static final long BEAT = TimeUnit.MILLISECONDS.toNanos(100);

  private static final long NEVER = Long.MIN_VALUE;

  private final long[] last;
  private final long[] stopped;
  /** Offset behind the last record that a member read, and that the reader outside of the group did. */
  private final long[] readTo;
  private final long[] thereTo;
  /** Since when the partition, and any of them, has a record that waits for a member; NEVER if it has none. */
  private final long[] waitingSince;
  private long anyWaitingSince = NEVER;
  private long stoppedAny;
  private long longest;

  Reads(int partitions) {
    last = new long[partitions];
    stopped = new long[partitions];
    readTo = new long[partitions];
    thereTo = new long[partitions];
    waitingSince = new long[partitions];
    Arrays.fill(waitingSince, NEVER);
  }

  /** A reader outside of the group got these. */
  synchronized void there(ConsumerRecords<byte[], byte[]> records) {
    long now = System.nanoTime();
    for (TopicPartition partition : records.partitions()) {
      int p = partition.partition();
      thereTo[p] = Math.max(thereTo[p], behind(records, partition));
      if (waits(p) && waitingSince[p] == NEVER) {
        waitingSince[p] = now;
        anyWaitingSince = anyWaitingSince == NEVER ? now : anyWaitingSince;
      }
    }
  }

  /** A member of the group got these. */
  synchronized void read(ConsumerRecords<byte[], byte[]> records) {
    long now = System.nanoTime();
    for (TopicPartition partition : records.partitions()) {
      int p = partition.partition();
      readTo[p] = Math.max(readTo[p], behind(records, partition));
      last[p] = now;
      if (waitingSince[p] != NEVER) {
        long wait = now - waitingSince[p];
        longest = Math.max(longest, wait);
        stopped[p] += Math.max(0, wait - BEAT);
        waitingSince[p] = waits(p) ? now : NEVER;
      }
    }
    if (anyWaitingSince != NEVER) {
      stoppedAny += Math.max(0, now - anyWaitingSince - BEAT);
      anyWaitingSince = Arrays.stream(waitingSince).anyMatch(since -> since != NEVER) ? now : NEVER;
    }
    notifyAll();
  }

  private boolean waits(int p) {
    return thereTo[p] > readTo[p];
  }

  private static long behind(ConsumerRecords<byte[], byte[]> records, TopicPartition partition) {
    return records.records(partition).stream().mapToLong(record -> record.offset() + 1).max().orElse(0);
  }

  synchronized void restart() {
    Arrays.fill(stopped, 0);
    stoppedAny = 0;
    longest = 0;
  }

  /** Time in which records waited and no member read anything. */
  synchronized long stopped() {
    return stoppedAny;
  }

  /** Time in which a partition's records waited, mean of all. */
  synchronized long meanStopped() {
    return Arrays.stream(stopped).sum() / stopped.length;
  }

  synchronized long longest() {
    return longest;
  }

  /** Waits until every partition was read after a time; returns when the last one was. */
  synchronized long await(long after, long began, int limitSeconds, String when) throws InterruptedException {
    while (Arrays.stream(last).anyMatch(time -> time <= after)) {
      if (System.nanoTime() - began > limitSeconds * 1_000_000_000L) {
        throw new IllegalStateException("not all partitions are read " + when);
      }
      wait(100);
    }
    return System.nanoTime();
  }
}
