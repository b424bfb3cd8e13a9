package io.millrace.protocol.generator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VersionsTest {

  @Test
  void notation_isReadInAllItsForms() {
    assertThat(Versions.parse("3")).isEqualTo(new Versions(3, 3));
    assertThat(Versions.parse("2-5")).isEqualTo(new Versions(2, 5));
    assertThat(Versions.parse("4+")).isEqualTo(new Versions(4, Versions.OPEN));
    assertThat(Versions.parse("none").isEmpty()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "0+, 3-13, true",
    "9+, 3-13, version >= 9",
    "0-8, 3-13, version <= 8",
    "5-8, 3-13, version >= 5 && version <= 8",
    "7, 3-13, version == 7",
    "14+, 3-13, false",
    "none, 3-13, false"
  })
  void condition_saysNoMoreThanItMust(String versions, String within, String condition) {
    assertThat(Versions.parse(versions).condition(Versions.parse(within))).isEqualTo(condition);
  }

  @Test
  void difference_keepsOneSide() {
    assertThat(Versions.parse("5+").minus(Versions.parse("9+"))).isEqualTo(new Versions(5, 8));
    assertThat(Versions.parse("0-9").minus(Versions.parse("0-3"))).isEqualTo(new Versions(4, 9));
    assertThat(Versions.parse("0-3").minus(Versions.parse("0+")).isEmpty()).isTrue();
    assertThatThrownBy(() -> Versions.parse("0-9").minus(Versions.parse("4-5")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
