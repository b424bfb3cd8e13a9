import java.util.Arrays;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;

/** When each partition was last read, and how long not. */
final class Reads {
  /** A gap up to this long is the ordinary beat of records and polls. */
  private static final long BEAT = TimeUnit.MILLISECONDS.toNanos(100);

  private final long[] last;
  private final long[] stopped;
  private long lastAny;
  private long stoppedAny;
  private long longest;

  Reads(int partitions) {
    last = new long[partitions];
    stopped = new long[partitions];
  }

  synchronized void read(Collection<TopicPartition> partitions) {
    long now = System.nanoTime();
    stoppedAny += Math.max(0, now - lastAny - BEAT);
    lastAny = now;
    for (TopicPartition partition : partitions) {
      int p = partition.partition();
      long gap = now - last[p];
      longest = Math.max(longest, gap);
      stopped[p] += Math.max(0, gap - BEAT);
      last[p] = now;
    }
    notifyAll();
  }

  synchronized void restart() {
    Arrays.fill(last, System.nanoTime());
    Arrays.fill(stopped, 0);
    lastAny = System.nanoTime();
    stoppedAny = 0;
    longest = 0;
  }

  /** Time in which no member read anything. */
  synchronized long stopped() {
    return stoppedAny;
  }

  /** Time in which a partition was not read, mean of all. */
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
