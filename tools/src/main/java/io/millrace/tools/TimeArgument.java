package io.millrace.tools;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A point in time as people write it on a command line. */
final class TimeArgument {

  private static final Pattern AGE = Pattern.compile("(\\d{1,9})([smhd])");
  private static final Pattern DATE = Pattern.compile("\\d{4}-\\d{2}-\\d{2}");
  private static final Pattern MILLIS = Pattern.compile("\\d{10,15}");

  private TimeArgument() {}

  /**
   * Reads an instant ({@code 2026-11-22T08:00:00Z}), a local date with or without a time ({@code
   * 2026-11-22T08:00}), epoch milliseconds, or an age ({@code 15m}).
   *
   * @return milliseconds since the epoch
   * @throws CommandFailure naming the flag and the forms, when it is none of these
   */
  static long parse(String flag, String text, LongSupplier nowMillis) {
    Matcher age = AGE.matcher(text);
    return age.matches()
        ? nowMillis.getAsLong() - millis(age)
        : parse(ZoneId.systemDefault(), flag, text, ", epoch milliseconds, or an age such as 15m");
  }

  /**
   * Reads all of these but an age; a time without a zone is of the given zone.
   *
   * @throws CommandFailure naming the flag and the forms, when it is none of these
   */
  static long parseIn(ZoneId zone, String flag, String text) {
    return parse(zone, flag, text, " or epoch milliseconds");
  }

  private static long parse(ZoneId zone, String flag, String text, String otherForms) {
    if (MILLIS.matcher(text).matches()) {
      return Long.parseLong(text);
    }
    try {
      return OffsetDateTime.parse(text).toInstant().toEpochMilli();
    } catch (DateTimeException notAnInstant) {
      try {
        // A bare date is its first moment here.
        String local = DATE.matcher(text).matches() ? text + "T00:00" : text;
        return LocalDateTime.parse(local).atZone(zone).toInstant().toEpochMilli();
      } catch (DateTimeException notLocalEither) {
        throw new CommandFailure(
            ExitCode.USAGE,
            flag + " is '" + text + "', expected a time such as 2026-11-22T08:00:00Z" + otherForms,
            null);
      }
    }
  }

  /**
   * Reads an age alone.
   *
   * @throws CommandFailure naming the flag, when it is none
   */
  static long ageMillis(String flag, String text) {
    Matcher age = AGE.matcher(text);
    if (!age.matches()) {
      throw new CommandFailure(
          ExitCode.USAGE,
          flag + " is '" + text + "', expected a span such as PT2H, P7D, 15m or 2h",
          null);
    }
    return millis(age);
  }

  private static long millis(Matcher age) {
    return Long.parseLong(age.group(1)) * unitMillis(age.group(2));
  }

  private static long unitMillis(String unit) {
    return switch (unit) {
      case "s" -> 1_000L;
      case "m" -> 60_000L;
      case "h" -> 3_600_000L;
      default -> 86_400_000L;
    };
  }
}
