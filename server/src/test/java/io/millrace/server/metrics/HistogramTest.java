package io.millrace.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class HistogramTest {

  @Test
  void percentile_isNeverTooLow_andAtMostAQuarterTooHigh() {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 10_000; i++) {
      long value = random.nextLong(0, 1L << random.nextInt(1, 62));
      Histogram histogram = new Histogram();
      histogram.record(value);

      long told = histogram.percentileNanos(1);

      assertThat(told).as("value %s", value).isBetween(value, value + value / 4);
    }
  }

  @Test
  void half_liesBelowTheMedian() {
    Histogram histogram = new Histogram();
    for (int i = 1; i <= 1000; i++) {
      histogram.record(i);
    }
    assertThat(histogram.percentileNanos(0.5)).isBetween(500L, 640L);
    assertThat(histogram.count()).isEqualTo(1000);
    assertThat(new Histogram().percentileNanos(0.99)).isZero();
  }
}
