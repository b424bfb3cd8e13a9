package io.millrace.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.message.ApiMessageType.ListenerType;
import org.apache.kafka.common.protocol.ApiKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The list of APIs against Kafka's. */
class ApiKeyTest {

  @Test
  void livingApis_areKafkas() {
    List<Short> kafkas =
        Arrays.stream(ApiKeys.values())
            .filter(ApiKeys::hasValidVersion)
            .map(key -> key.id)
            .sorted()
            .toList();

    assertThat(Arrays.stream(ApiKey.values()).map(ApiKey::id).toList()).isEqualTo(kafkas);
  }

  @ParameterizedTest
  @EnumSource(ApiKey.class)
  void everyApi_hasKafkasNameVersionsAndListeners(ApiKey key) {
    ApiKeys kafkas = ApiKeys.forId(key.id());

    assertThat(key.name()).isEqualTo(kafkas.name());
    assertThat(key.apiName()).isEqualTo(kafkas.name);
    assertThat(key.lowestVersion()).isEqualTo(kafkas.oldestVersion());
    assertThat(key.highestVersion()).isEqualTo(kafkas.latestVersion(false));
    assertThat(key.highestUnstableVersion()).isEqualTo(kafkas.latestVersion(true));
    assertThat(key.isBrokerApi()).isEqualTo(kafkas.inScope(ListenerType.BROKER));
    assertThat(key.isControllerApi()).isEqualTo(kafkas.inScope(ListenerType.CONTROLLER));
    assertThat(ApiKey.forId(key.id())).isEqualTo(key);
  }

  @ParameterizedTest
  @EnumSource(ApiKey.class)
  void everyVersion_hasKafkasHeaders(ApiKey key) {
    ApiKeys kafkas = ApiKeys.forId(key.id());

    for (short version = key.lowestVersion(); version <= key.highestUnstableVersion(); version++) {
      assertThat(key.requestHeaderVersion(version)).isEqualTo(kafkas.requestHeaderVersion(version));
      assertThat(key.responseHeaderVersion(version))
          .isEqualTo(kafkas.responseHeaderVersion(version));
    }
  }

  @Test
  void unstableVersion_isNotInTheRangeForStrangers() {
    assertThat(ApiKey.INIT_PRODUCER_ID.versions()).isEqualTo(ApiVersionRange.of(0, 5));
    assertThat(ApiKey.INIT_PRODUCER_ID.highestUnstableVersion()).isEqualTo((short) 6);
  }

  @Test
  void numberThatNobodyUses_isNoApi() {
    assertThat(ApiKey.forId((short) -1)).isNull();
    assertThat(ApiKey.forId((short) 4)).isNull();
    assertThat(ApiKey.forId(Short.MAX_VALUE)).isNull();
  }
}
