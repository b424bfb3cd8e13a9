package io.millrace.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.TreeSet;
import org.apache.kafka.common.config.TopicConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TopicConfigsTest {

  @Test
  void everyTopicKeyOfKafka_isKnown() throws IllegalAccessException {
    TreeSet<String> kafkas = new TreeSet<>();
    for (var field : TopicConfig.class.getFields()) {
      if (field.getName().endsWith("_CONFIG")) {
        kafkas.add((String) field.get(null));
      }
    }
    // The formats that Kafka itself no longer heeds.
    kafkas.remove("message.format.version");
    kafkas.remove("message.downconversion.enable");
    kafkas.remove("message.timestamp.difference.max.ms");

    assertThat(TopicConfigs.all().stream().map(TopicConfigKey::name)).containsAll(kafkas);
  }

  @Test
  void keyThatIsNotImplemented_takesOnlyItsDefault() {
    assertThatCode(() -> TopicConfigs.check("compression.type", "producer"))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> TopicConfigs.check("compression.type", "gzip"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("compression.type=gzip is not implemented yet");
  }

  @ParameterizedTest
  @ValueSource(strings = {"delete", "compact", "compact,delete", " delete , compact "})
  void cleanupPolicy_takesAnyCombination(String policy) {
    assertThatCode(() -> TopicConfigs.check("cleanup.policy", policy)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cleanup.policy | compress | a comma-separated list of delete, compact",
        "cleanup.policy | compact,compact | each at most once",
        "cleanup.policy | , | each at most once",
        "min.cleanable.dirty.ratio | 1.5 | a number between 0.0 and 1.0",
        "min.cleanable.dirty.ratio | NaN | a number between 0.0 and 1.0",
        "delete.retention.ms | -1 | a whole number of 0 or more",
        "min.compaction.lag.ms | -1 | a whole number of 0 or more",
        "max.compaction.lag.ms | 0 | a whole number of 1 or more",
      })
  void compactionKeyOutOfRange_isRefusedWithTheRange(String key, String value, String allowed) {
    assertThatThrownBy(() -> TopicConfigs.check(key, value))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(key)
        .hasMessageContaining(allowed);
  }

  @Test
  void unknownKey_isRefusedWithAGuess() {
    assertThatThrownBy(() -> TopicConfigs.check("retention.mss", "1"))
        .hasMessageContaining("did you mean retention.ms?");
  }

  @Test
  void effectiveValue_isTheTopicsThenTheNodesThenTheDefault() {
    Map<String, String> own = Map.of("retention.ms", "1");
    Map<String, String> node = Map.of("retention.ms", "2", "segment.bytes", "nonsense");

    assertThat(TopicConfigs.effective(TopicConfigs.RETENTION_MS, own, node)).isEqualTo(1);
    assertThat(TopicConfigs.effective(TopicConfigs.RETENTION_MS, Map.of(), node)).isEqualTo(2);
    assertThat(TopicConfigs.effective(TopicConfigs.SEGMENT_BYTES, own, node)).isEqualTo(1 << 30);
  }
}
