package io.millrace.protocol.generator;

/**
 * A range of versions in the notation of the schemas: {@code 3}, {@code 2-5}, {@code 4+}, {@code
 * none}.
 */
record Versions(int low, int high) {

  static final int OPEN = Short.MAX_VALUE;
  static final Versions NONE = new Versions(1, 0);

  static Versions parse(String text) {
    String trimmed = text.trim();
    if (trimmed.isEmpty() || trimmed.equals("none")) {
      return NONE;
    }
    if (trimmed.endsWith("+")) {
      return new Versions(Integer.parseInt(trimmed.substring(0, trimmed.length() - 1)), OPEN);
    }
    int dash = trimmed.indexOf('-');
    if (dash < 0) {
      int only = Integer.parseInt(trimmed);
      return new Versions(only, only);
    }
    return new Versions(
        Integer.parseInt(trimmed.substring(0, dash)),
        Integer.parseInt(trimmed.substring(dash + 1)));
  }

  boolean isEmpty() {
    return low > high;
  }

  boolean covers(Versions other) {
    return other.isEmpty() || (low <= other.low && other.high <= high);
  }

  Versions intersect(Versions other) {
    Versions both = new Versions(Math.max(low, other.low), Math.min(high, other.high));
    return both.isEmpty() ? NONE : both;
  }

  /** What remains without {@code other}, which must reach one of the ends. */
  Versions minus(Versions other) {
    Versions cut = intersect(other);
    if (cut.isEmpty()) {
      return this;
    }
    if (cut.covers(this)) {
      return NONE;
    }
    if (cut.low == low) {
      return new Versions(cut.high + 1, high);
    }
    if (cut.high == high) {
      return new Versions(low, cut.low - 1);
    }
    throw new IllegalArgumentException(this + " without " + other + " has a hole");
  }

  /**
   * The Java condition on {@code version} that holds in this range, given that {@code within}
   * holds.
   */
  String condition(Versions within) {
    Versions here = intersect(within);
    if (here.isEmpty()) {
      return "false";
    }
    if (here.covers(within)) {
      return "true";
    }
    if (here.low == here.high) {
      return "version == " + here.low;
    }
    String from = "version >= " + here.low;
    String to = "version <= " + here.high;
    if (here.low <= within.low) {
      return to;
    }
    return here.high >= within.high ? from : from + " && " + to;
  }
}
