package io.millrace.tools.groups;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Spans of time in words. */
class AgesTest {

  @ParameterizedTest
  @CsvSource({
    "-5, 0s",
    "0, 0s",
    "850, 850ms",
    "12345, 12.3s",
    "59999, 59.9s",
    "60000, 1m",
    "125000, 2m 5s",
    "3600000, 1h",
    "7260000, 2h 1m",
    "86400000, 1d",
    "97200000, 1d 3h"
  })
  void span_isSaidInItsTwoLargestUnits(long millis, String text) {
    assertThat(Ages.text(millis)).isEqualTo(text);
  }
}
