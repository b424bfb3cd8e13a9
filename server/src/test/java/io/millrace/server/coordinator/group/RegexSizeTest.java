package io.millrace.server.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegexSizeTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "orders | 6",
        "a{5} | 6",
        "(ab){10} | 44",
        "[a-z]+\\.\\d{2,3} | 7",
        "\\p{Greek}x | 2",
        "a{x} | 4",
        "[]{9}]b | 2",
        "\\(a{3} | 5",
        "\\Q[\\Ea{3} | 5",
        "\\Qa.b | 3",
        "a(?i){3} | 4",
        "[\\x{41}-\\xff] | 1"
      })
  void size_isAboutTheNumberOfInstructions(String regex, long size) {
    assertThat(RegexSize.of(regex, 1_000)).isEqualTo(size);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "((a{1000}){1000}){1000}",
        "(((((a{9}){9}){9}){9}){9}){9}",
        "(a|b|c{900}){900}",
        "((((((((((x{2,99}){2,99}){2,99}){2,99}))))))))",
        "\\Q[\\E((a{1000}){1000}){1000}",
        "a{1000}(?i){1000}(?-i){1000}",
        "a{1000}\\Q\\E{1000}\\Q\\E(?s){1000}"
      })
  void nestedRepetitions_areTooLarge(String regex) {
    assertThat(RegexSize.of(regex, 5_000)).isEqualTo(5_001);
    assertThat(TopicRegex.isValid(regex)).isFalse();
  }

  @Test
  void deepNesting_isTooLarge() {
    assertThat(TopicRegex.isValid("(".repeat(4_000) + "a" + ")".repeat(4_000))).isFalse();
  }

  /** RE2/J never ends with the first three. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "(?i)\\x{1c80}",
        "(?i)[a-\\x{1c88}]",
        "(?i:[\u00e9-\ud83d\ude00])",
        "caf\u0119",
        "[\\x{000100}-\\x{110000}]"
      })
  void charactersThatNoTopicHas_areRefused(String regex) {
    assertThat(TopicRegex.isValid(regex)).isFalse();
  }

  @Test
  void whatIsLongButPlain_isAllowed() {
    assertThat(TopicRegex.isValid("orders-europe-north|".repeat(200) + "x")).isTrue();
    assertThat(TopicRegex.isValid("team-(a|b)\\..*{2}?")).isFalse();
    assertThat(TopicRegex.isValid("^team-(a|b)\\..{1,40}-v[0-9]{1,3}$")).isTrue();
  }

  @Test
  void nonsense_neverThrows() {
    long seed = 4711;
    Random random = new Random(seed);
    String alphabet = "()[]{}\\*+?|,01ab9^$.pQEx-";
    for (int i = 0; i < 20_000; i++) {
      StringBuilder regex = new StringBuilder();
      for (int j = random.nextInt(30); j >= 0; j--) {
        regex.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      assertThat(RegexSize.of(regex.toString(), 5_000))
          .as("seed %s: %s", seed, regex)
          .isNotNegative();
      TopicRegex.isValid(regex.toString());
    }
  }
}
