package io.millrace.server.coordinator.group;

/**
 * How large the program of a regular expression gets, about: repetitions are copied out, so {@code
 * ((a{1000}){1000}){1000}} would not fit into any memory. Read before the expression is compiled,
 * and never fails: what is no valid expression is for the compiler to say. Pure.
 */
final class RegexSize {
  private static final int MAX_DEPTH = 100;

  private final String regex;
  private int at;

  private RegexSize(String regex) {
    this.regex = regex;
  }

  /** An estimate of the instructions; {@code limit + 1} for anything larger than the limit. */
  static long of(String regex, long limit) {
    return new RegexSize(regex).sequence(limit, 0);
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
        skipClass();
        return 1;
      case '\\':
        skipEscape();
        return 1;
      default:
        return 1;
    }
  }

  private void skipClass() {
    if (peek('^')) {
      at++;
    }
    if (peek(']')) {
      at++;
    }
    while (at < regex.length() && regex.charAt(at) != ']') {
      at += regex.charAt(at) == '\\' ? 2 : 1;
    }
    at++;
  }

  private void skipEscape() {
    boolean braces = at < regex.length() && "pPx".indexOf(regex.charAt(at)) >= 0;
    at++;
    int end = braces && peek('{') ? regex.indexOf('}', at) : -1;
    if (end >= 0) {
      at = end + 1;
    }
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
