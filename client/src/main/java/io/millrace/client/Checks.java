package io.millrace.client;

import java.time.Duration;

/** Bounds of settings; messages name the key, the value and what is allowed. Pure. */
final class Checks {

  private Checks() {}

  static void positive(String key, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(key + " is " + value.toMillis() + " ms, must be above 0");
    }
  }

  static void notNegative(String key, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(
          key + " is " + value.toMillis() + " ms, must be 0 or more");
    }
  }

  static void ordered(String lowKey, Duration low, String highKey, Duration high) {
    if (low.compareTo(high) > 0) {
      throw new IllegalArgumentException(
          lowKey + " (" + low.toMillis() + ") is above " + highKey + " (" + high.toMillis() + ")");
    }
  }

  static void range(String key, long value, long low, long high) {
    if (value < low || value > high) {
      throw new IllegalArgumentException(
          key + " is " + value + ", must be between " + low + " and " + high);
    }
  }
}
