package io.millrace.log.epoch;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The start offset of each leader epoch in a log, immutable: a change makes a new value.
 *
 * <p>Invariant: epochs and start offsets both grow strictly from entry to entry.
 */
public record LeaderEpochs(List<Start> starts) {

  /** A log without batches. */
  public static final LeaderEpochs EMPTY = new LeaderEpochs(List.of());

  private static final String HEADER = "millrace-leader-epochs 1";

  /** One epoch and its first offset. */
  public record Start(int epoch, long offset) {
    public Start {
      if (epoch < 0 || offset < 0) {
        throw new IllegalArgumentException(
            "leader epoch " + epoch + " at offset " + offset + " must not be negative");
      }
    }
  }

  public LeaderEpochs {
    starts = List.copyOf(starts);
    for (int i = 1; i < starts.size(); i++) {
      Start earlier = starts.get(i - 1);
      Start later = starts.get(i);
      if (earlier.epoch() >= later.epoch() || earlier.offset() >= later.offset()) {
        throw new IllegalArgumentException(
            "leader epochs out of order: " + earlier + " before " + later);
      }
    }
  }

  /** The newest epoch, or -1. */
  public int latest() {
    return starts.isEmpty() ? -1 : starts.get(starts.size() - 1).epoch();
  }

  /** Notes where an epoch begins. An epoch that is not newer than the latest changes nothing. */
  public LeaderEpochs with(int epoch, long offset) {
    if (epoch <= latest()) {
      return this;
    }
    List<Start> next = new ArrayList<>(keep(start -> start.offset() < offset));
    next.add(new Start(epoch, offset));
    return new LeaderEpochs(next);
  }

  /** Forgets epochs that begin at or after the new end of the log. */
  public LeaderEpochs truncatedTo(long endOffset) {
    return new LeaderEpochs(keep(start -> start.offset() < endOffset));
  }

  /**
   * Forgets epochs that ended before the new start of the log; the one that holds it then begins
   * there.
   */
  public LeaderEpochs startingAt(long startOffset) {
    int holder = -1;
    for (int i = 0; i < starts.size() && starts.get(i).offset() <= startOffset; i++) {
      holder = i;
    }
    if (holder < 0) {
      return this;
    }
    List<Start> next = new ArrayList<>(starts.subList(holder, starts.size()));
    next.set(0, new Start(next.get(0).epoch(), startOffset));
    return new LeaderEpochs(next);
  }

  /** The epoch that wrote an offset, or -1. */
  public int epochAt(long offset) {
    int epoch = -1;
    for (Start start : starts) {
      if (start.offset() > offset) {
        break;
      }
      epoch = start.epoch();
    }
    return epoch;
  }

  /**
   * The largest epoch not above the asked one, with its end offset; null when this log cannot tell.
   */
  public @Nullable Start endOf(int epoch, long logEnd) {
    if (epoch < 0 || epoch > latest()) {
      return null;
    }
    if (epoch == latest()) {
      return new Start(epoch, logEnd);
    }
    int floor = epoch;
    for (Start start : starts) {
      if (start.epoch() > epoch) {
        return new Start(floor, start.offset());
      }
      floor = start.epoch();
    }
    throw new AssertionError(
        "latest epoch " + latest() + " is above " + epoch + " but no entry is");
  }

  private List<Start> keep(Predicate<Start> wanted) {
    return starts.stream().filter(wanted).toList();
  }

  /**
   * The file's text: a header, one {@code epoch offset} a line, a checksum over all lines before
   * it.
   */
  public byte[] encode() {
    StringBuilder text = new StringBuilder(HEADER).append('\n');
    starts.forEach(
        start -> text.append(start.epoch()).append(' ').append(start.offset()).append('\n'));
    text.append(checksum(text.toString())).append('\n');
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws IllegalArgumentException when the checksum or the form is wrong
   */
  public static LeaderEpochs decode(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    List<String> lines = Arrays.asList(text.split("\n", -1));
    int last = lines.size() - 2;
    if (last < 1 || !lines.get(0).equals(HEADER) || !lines.get(last + 1).isEmpty()) {
      throw new IllegalArgumentException(
          "leader epoch file of " + bytes.length + " bytes has no header or is cut short");
    }
    String body = String.join("\n", lines.subList(0, last)) + "\n";
    if (!lines.get(last).equals(checksum(body))) {
      throw new IllegalArgumentException(
          "leader epoch file has checksum "
              + lines.get(last)
              + ", its bytes have "
              + checksum(body));
    }
    List<Start> starts = new ArrayList<>();
    for (String line : lines.subList(1, last)) {
      int space = line.indexOf(' ');
      starts.add(
          new Start(
              Integer.parseInt(line.substring(0, space)),
              Long.parseLong(line.substring(space + 1))));
    }
    return new LeaderEpochs(starts);
  }

  private static String checksum(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return String.format(Locale.ROOT, "crc32c %08x", crc.getValue());
  }
}
