package io.millrace.protocol;

/** Versions of one API, both ends included. */
public record ApiVersionRange(short lowest, short highest) {

  public ApiVersionRange {
    if (lowest < 0 || highest < lowest) {
      throw new IllegalArgumentException("no range: lowest=" + lowest + " highest=" + highest);
    }
  }

  public static ApiVersionRange of(int lowest, int highest) {
    return new ApiVersionRange((short) lowest, (short) highest);
  }

  public boolean contains(short version) {
    return lowest <= version && version <= highest;
  }

  @Override
  public String toString() {
    return lowest + ".." + highest;
  }
}
