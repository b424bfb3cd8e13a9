package io.millrace.server.coordinator.group;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How large the program of a regular expression gets, about: repetitions are copied out, so {@code
 * ((a{1000}){1000}){1000}} would not fit into any memory. Read before the expression is compiled,
 * and never fails: what is no valid expression is for the compiler to say. Pure.
 *
 * <p>Characters beyond Latin-1 are of any size: no topic's name has them, and RE2/J looks for the
 * other case of some (U+1C80 to U+1C88) without end, which would be the end of the shard's loop.
 */
final class RegexSize {
  private static final int MAX_DEPTH = 100;
  private static final Pattern NOTHING = Pattern.compile("\\(\\?[a-zA-Z-]*\\)|\\\\Q\\\\E");
  private static final int MAX_CHAR = 0xff;

  private final String regex;
  private int at;

  private RegexSize(String regex) {
    this.regex = regex;
  }

  /** An estimate of the instructions; {@code limit + 1} for anything larger than the limit. */
  static long of(String regex, long limit) {
    boolean isForeign = regex.chars().anyMatch(c -> c > MAX_CHAR);
    return isForeign ? limit + 1 : new RegexSize(regex).sequence(limit, 0);
  }

  /** Up to the end of a group or of all. */
  private long sequence(long limit, int depth) {
    long sum = 0;
    long last = 0;
    while (at < regex.length() && sum + last <= limit) {
      char c = regex.charAt(at);
      if (c == ')') {
        break;
      }
      if (skipsNothing()) {
        continue; // what repeats goes on to mean what was before it
      }
      if (c == '{') {
        long times = repetition();
        if (times >= 0) {
          last *= times;
        } else { // an ordinary character
          sum += last;
          last = next(limit, depth);
        }
      } else if (c == '*' || c == '+' || c == '?') {
        at++;
        last++;
      } else {
        sum += last;
        last = next(limit, depth);
      }
    }
    return Math.min(sum + last, limit + 1);
  }

  /** One literal, class, escape or group. */
  private long next(long limit, int depth) {
    char c = regex.charAt(at++);
    switch (c) {
      case '(':
        if (depth >= MAX_DEPTH) {
          return limit + 1;
        }
        long inside = sequence(limit, depth + 1);
        at++;
        return inside + 2;
      case '[':
        return skipClass() ? 1 : limit + 1;
      case '\\':
        if (peek('Q')) {
          return quoted();
        }
        return skipEscape() ? 1 : limit + 1;
      default:
        return 1;
    }
  }

  /** False when it names a character beyond Latin-1. */
  private boolean skipClass() {
    if (peek('^')) {
      at++;
    }
    if (peek(']')) {
      at++;
    }
    boolean isPlain = true;
    while (at < regex.length() && regex.charAt(at) != ']') {
      if (regex.charAt(at++) == '\\') {
        isPlain &= skipEscape();
      }
    }
    at++;
    return isPlain;
  }

  /** False when it stands for a character beyond Latin-1. */
  private boolean skipEscape() {
    boolean isCode = peek('x');
    boolean braces = isCode || peek('p') || peek('P');
    at++;
    int end = braces && peek('{') ? regex.indexOf('}', at) : -1;
    if (end < 0) {
      return true;
    }
    boolean isForeign = isCode && !regex.substring(at + 1, end).matches("0*[0-9a-fA-F]{0,2}");
    at = end + 1;
    return !isForeign;
  }

  /** {@code \Q...\E}, where nothing means anything else; without an end it goes on to the last. */
  private long quoted() {
    int from = at + 1;
    int end = regex.indexOf("\\E", from);
    at = end < 0 ? regex.length() : end + 2;
    return (end < 0 ? regex.length() : end) - (long) from;
  }

  /** Passes over flags, {@code (?i)}, and over an empty quotation. */
  private boolean skipsNothing() {
    Matcher nothing = NOTHING.matcher(regex).region(at, regex.length());
    boolean found = nothing.lookingAt();
    if (found) {
      at = nothing.end();
    }
    return found;
  }

  private boolean peek(char c) {
    return at < regex.length() && regex.charAt(at) == c;
  }

  /** The highest number in {@code {n}}, {@code {n,}} or {@code {n,m}}; -1 when it is none. */
  private long repetition() {
    int end = regex.indexOf('}', at);
    if (end < 0) {
      return -1;
    }
    String inside = regex.substring(at + 1, end);
    if (!inside.matches("[0-9]{1,9}(,[0-9]{0,9})?")) {
      return -1;
    }
    at = end + 1;
    long most = 1;
    for (String number : inside.split(",")) {
      most = Math.max(most, Long.parseLong(number) + 1);
    }
    return most;
  }
}
