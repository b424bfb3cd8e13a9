package io.millrace.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordHeader;
import io.millrace.tools.output.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecordTextTest {

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static ConsumerRecord<byte[], byte[]> record(
      byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
    return new ConsumerRecord<>(
        "orders", 3, 42, 0, 1_700_000_000_000L, false, -1, -1, key, value, headers);
  }

  private static ProducerRecord<byte[], byte[]> roundTrip(ConsumerRecord<byte[], byte[]> record) {
    return RecordText.parse("copy", Json.line(RecordText.toJson(record)));
  }

  @Test
  void textKeyValueAndHeaders_comeBackFromTheirLine() {
    ProducerRecord<byte[], byte[]> read =
        roundTrip(
            record(
                utf8("kéy"),
                utf8("va\"lue\n"),
                List.of(RecordHeader.of("h", "x"), new RecordHeader("n", null))));

    assertThat(read.topic()).isEqualTo("copy");
    assertThat(read.partition()).isEqualTo(3);
    assertThat(read.timestamp()).isEqualTo(1_700_000_000_000L);
    assertThat(read.key()).isEqualTo(utf8("kéy"));
    assertThat(read.value()).isEqualTo(utf8("va\"lue\n"));
    assertThat(read.headers()).extracting(RecordHeader::key).containsExactly("h", "n");
    assertThat(read.headers().get(1).value()).isNull();
  }

  @Test
  void bytesThatAreNoText_comeBackThroughBase64() {
    byte[] bytes = {(byte) 0xff, 0, (byte) 0xc3, 7};

    assertThat(roundTrip(record(null, bytes, List.of())).value()).isEqualTo(bytes);
    assertThat(roundTrip(record(bytes, null, List.of())).value()).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "hello",
        "[1]",
        "{\"value\": 7}",
        "{\"valeu\": \"x\"}",
        "{\"headers\": [{}]}",
        "{\"value\": \"x\"",
        "{\"value\": \"x\"} {\"value\": \"y\"}"
      })
  void whatIsNoRecord_isRefusedWithAReason(String line) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RecordText.parse("t", line))
        .withMessageMatching("(?s).{10,}");
  }
}
