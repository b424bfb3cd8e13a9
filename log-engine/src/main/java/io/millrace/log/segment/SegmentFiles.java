package io.millrace.log.segment;

import java.util.Locale;

/** The names of a partition's files: 20 digits of the first offset, and a suffix for the kind. */
public final class SegmentFiles {

  public static final String LOG = ".log";
  public static final String INDEX = ".index";
  public static final String TIME_INDEX = ".timeindex";
  public static final String PRODUCERS = ".snapshot";

  /** Marks a file that waits for its deletion; a leftover is removed at the next start. */
  public static final String DELETED = ".deleted";

  /** Marks a segment that compaction is writing; a leftover is removed at the next start. */
  public static final String CLEANED = ".cleaned";

  /** Says that a cleaned segment takes the place of those whose offsets it covers. */
  public static final String SWAP = ".swap";

  private static final int DIGITS = 20;

  private SegmentFiles() {}

  public static String name(long offset, String suffix) {
    return String.format(Locale.ROOT, "%020d%s", offset, suffix);
  }

  /** The offset in a name of the given kind, or -1 when it is no such name. */
  public static long offsetOf(String name, String suffix) {
    if (name.length() != DIGITS + suffix.length() || !name.endsWith(suffix)) {
      return -1;
    }
    for (int i = 0; i < DIGITS; i++) {
      if (name.charAt(i) < '0' || name.charAt(i) > '9') {
        return -1;
      }
    }
    try {
      return Long.parseLong(name.substring(0, DIGITS));
    } catch (NumberFormatException e) {
      return -1; // 20 digits beyond a long
    }
  }
}
