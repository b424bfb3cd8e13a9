package io.millrace.tools.groups;

/** Spans of time for people. Pure. */
public final class Ages {

  private static final long SECOND = 1_000;
  private static final long MINUTE = 60 * SECOND;
  private static final long HOUR = 60 * MINUTE;
  private static final long DAY = 24 * HOUR;

  private Ages() {}

  /** The two largest units that say something: {@code 850ms}, {@code 12.3s}, {@code 2m 5s}. */
  public static String text(long millis) {
    long span = Math.max(0, millis);
    if (span == 0) {
      return "0s";
    } else if (span < SECOND) {
      return span + "ms";
    } else if (span < MINUTE) {
      return span / SECOND + "." + span % SECOND / 100 + "s";
    } else if (span < HOUR) {
      return two(span / MINUTE, "m", span % MINUTE / SECOND, "s");
    } else if (span < DAY) {
      return two(span / HOUR, "h", span % HOUR / MINUTE, "m");
    }
    return two(span / DAY, "d", span % DAY / HOUR, "h");
  }

  private static String two(long large, String largeUnit, long small, String smallUnit) {
    return large + largeUnit + (small == 0 ? "" : " " + small + smallUnit);
  }
}
