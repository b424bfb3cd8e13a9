package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicNamesTest {

  @ParameterizedTest
  @ValueSource(strings = {"a", "orders.v2", "A_b-9", "...", "__x"})
  void legalName_hasNoProblem(String name) {
    assertThat(TopicNames.problem(name)).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "a/b", "a b", "ä", "a\u0000", "../../etc", "a:b"})
  void illegalName_isExplained(String name) {
    assertThat(TopicNames.problem(name)).isNotNull();
  }

  @Test
  void lengthIsLimitedTo249() {
    assertThat(TopicNames.problem("x".repeat(249))).isNull();
    assertThat(TopicNames.problem("x".repeat(250))).contains("250");
    assertThat(TopicNames.problem(null)).isNotNull();
  }
}
