package io.millrace.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.TreeSet;
import org.apache.kafka.common.config.TopicConfig;
import org.junit.jupiter.api.Test;

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
    assertThatCode(() -> TopicConfigs.check("cleanup.policy", "delete")).doesNotThrowAnyException();
    assertThatThrownBy(() -> TopicConfigs.check("cleanup.policy", "compact"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("cleanup.policy=compact is not implemented yet");
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
