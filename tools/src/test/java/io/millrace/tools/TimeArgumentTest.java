package io.millrace.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimeArgumentTest {

  private static final long NOW = 1_800_000_000_000L;

  @ParameterizedTest
  @CsvSource({"90s,90000", "15m,900000", "2h,7200000", "3d,259200000"})
  void age_countsBackFromNow(String text, long millis) {
    assertThat(TimeArgument.parse("--from-time", text, () -> NOW)).isEqualTo(NOW - millis);
  }

  @Test
  void instantAndEpochMillis_areTheSameTime() {
    assertThat(TimeArgument.parse("--from-time", "2026-11-22T08:00:00Z", () -> NOW))
        .isEqualTo(TimeArgument.parse("--from-time", "1795334400000", () -> NOW));
  }

  @Test
  void bareDate_isItsFirstMoment() {
    assertThat(TimeArgument.parse("--from-time", "2026-11-22", () -> NOW))
        .isEqualTo(TimeArgument.parse("--from-time", "2026-11-22T00:00", () -> NOW));
  }

  @Test
  void timeInAZone_isThatZones_andOneWithoutIsTheGivenZones() {
    long noon = TimeArgument.parseIn(ZoneOffset.UTC, "--to-datetime", "2026-11-22T12:00:00.000");

    assertThat(noon)
        .isEqualTo(TimeArgument.parseIn(ZoneOffset.UTC, "--to-datetime", "2026-11-22T14:00+02:00"));
    assertThat(noon)
        .isEqualTo(
            TimeArgument.parseIn(ZoneOffset.ofHours(1), "--to-datetime", "2026-11-22T13:00:00"));
  }

  @Test
  void age_isNoneWhereAnInstantIsMeant_andIsNotSuggested() {
    assertThatThrownBy(() -> TimeArgument.parseIn(ZoneOffset.UTC, "--to-datetime", "15m"))
        .hasMessageContaining("epoch milliseconds")
        .hasMessageNotContaining("age");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "yesterday", "15", "-5m", "2026-13-01T00:00:00Z"})
  void anythingElse_namesTheFlagAndTheForms(String text) {
    assertThatThrownBy(() -> TimeArgument.parse("--from-time", text, () -> NOW))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("--from-time")
        .hasMessageContaining("15m");
  }
}
