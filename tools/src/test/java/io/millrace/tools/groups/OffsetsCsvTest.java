package io.millrace.tools.groups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.TopicPartition;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kafka's file of offsets. */
class OffsetsCsvTest {

  private static final TopicPartition FIRST = new TopicPartition("orders", 0);

  private static Map<String, Map<TopicPartition, Long>> read(String text, String... groups) {
    try {
      return OffsetsCsv.read(new StringReader(text), "f.csv", List.of(groups));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void linesWithoutAGroup_areTheOnlyGroups() {
    assertThat(read("orders,0,5\r\n\n\"orders\",1, 6\n", "billing"))
        .isEqualTo(Map.of("billing", Map.of(FIRST, 5L, new TopicPartition("orders", 1), 6L)));
  }

  @Test
  void linesWithAGroup_areThatGroups() {
    assertThat(read("a,orders,0,5\n\"b,c\",orders,0,7\n"))
        .isEqualTo(Map.of("a", Map.of(FIRST, 5L), "b,c", Map.of(FIRST, 7L)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "orders,0                 | 2 fields",
        "a,orders,0,1,2           | 5 fields",
        "orders,x,1               | the partition is 'x'",
        "orders,-1,1              | the partition is '-1'",
        "orders,99999999999,1     | the partition is '99999999999'",
        "orders,0,                | the offset is ''",
        "orders,0,-5              | the offset is '-5'",
        "orders,0,1e3             | the offset is '1e3'",
        ",0,1                     | the topic is empty",
        "\"orders,0,1             | a quote is not closed",
        "other,orders,0,1         | group 'other' is not one of",
      })
  void badLine_isNamedWithItsNumber(String line, String reason) {
    assertThatThrownBy(() -> read("orders,5,5\n\n" + line + "\n", "billing"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("f.csv line 3")
        .hasMessageContaining(reason);
  }

  @Test
  void partitionGivenTwice_isRefused() {
    assertThatThrownBy(() -> read("orders,0,5\norders,0,6", "billing"))
        .hasMessageContaining("line 2")
        .hasMessageContaining("orders-0 is given twice");
  }

  @Test
  void linesWithoutAGroup_needExactlyOne() {
    assertThatThrownBy(() -> read("orders,0,5", "a", "b")).hasMessageContaining("names no group");
    assertThatThrownBy(() -> read("orders,0,5")).hasMessageContaining("names no group");
  }

  @Test
  void emptyFile_isRefused() {
    assertThatThrownBy(() -> read("\n \n", "a")).hasMessageContaining("f.csv is empty");
  }

  @Test
  void whatIsWritten_canBeRead() {
    String line = OffsetsCsv.line("a,\"b\"", new TopicPartition("t", 3), 9);

    assertThat(read(line)).isEqualTo(Map.of("a,\"b\"", Map.of(new TopicPartition("t", 3), 9L)));
    assertThat(OffsetsCsv.line(FIRST, 4)).isEqualTo("orders,0,4");
  }
}
