package io.millrace.tools.groups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.TopicPartition;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Topics and partitions as an operator names them. */
class TopicScopeTest {

  @Test
  void topicAlone_meansAllItsPartitions() {
    assertThat(TopicScope.parse("orders").of(2))
        .containsExactly(new TopicPartition("orders", 0), new TopicPartition("orders", 1));
  }

  @Test
  void partitions_areThoseThatAreNamed() {
    assertThat(TopicScope.parse("orders:2,0, 2").of(3))
        .containsExactly(new TopicPartition("orders", 0), new TopicPartition("orders", 2));
  }

  @Test
  void partitionThatIsNotThere_isNamedWithTheRange() {
    assertThatThrownBy(() -> TopicScope.parse("orders:7").of(3)).hasMessageContaining("0 to 2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ":1", "orders:", "orders:a", "orders:-1", "orders:1,,2"})
  void nonsense_isRefusedWithWhatWasGiven(String text) {
    assertThatThrownBy(() -> TopicScope.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'");
  }

  @Test
  void filter_keepsWhatAnyScopeMeans() {
    TopicPartition a0 = new TopicPartition("a", 0);
    TopicPartition a1 = new TopicPartition("a", 1);
    TopicPartition b0 = new TopicPartition("b", 0);

    assertThat(
            TopicScope.filter(
                List.of(TopicScope.parse("a:1"), TopicScope.parse("b")), List.of(b0, a1, a0)))
        .containsExactly(a1, b0);
  }
}
