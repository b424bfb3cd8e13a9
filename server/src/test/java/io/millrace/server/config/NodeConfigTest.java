package io.millrace.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@NullUnmarked // a null where none may be fails the test
class NodeConfigTest {

  private static NodeConfig config(String... keysAndValues) {
    Properties properties = new Properties();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      properties.setProperty(keysAndValues[i], keysAndValues[i + 1]);
    }
    return NodeConfig.from(properties);
  }

  @Test
  void noConfigAtAll_isASingleNodeThatListensAndVotes() {
    NodeConfig config = NodeConfig.defaults();

    assertThat(config.quorum().nodeId()).isEqualTo(1);
    assertThat(config.quorum().broker()).isTrue();
    assertThat(config.quorum().voters())
        .containsExactly(new QuorumConfig.Voter(1, "localhost", 9093));
    assertThat(config.listeners().client()).containsExactly(new Endpoint("PLAINTEXT", "", 9092));
    assertThat(config.storage().logDirs()).hasSize(1);
    assertThat(config.storage().metadataDir()).isEqualTo(config.storage().logDirs().get(0));
    assertThat(config.notImplemented()).isEmpty();
  }

  @Test
  void kafkasSampleFile_isUnderstood() {
    NodeConfig config =
        config(
            "process.roles", "broker,controller",
            "node.id", "2",
            "controller.quorum.voters", "1@a:9093,2@b:9094,3@[::1]:9095",
            "listeners", "PLAINTEXT://:9192,CONTROLLER://:9094",
            "inter.broker.listener.name", "PLAINTEXT",
            "advertised.listeners", "PLAINTEXT://b.example:9192,CONTROLLER://b.example:9094",
            "controller.listener.names", "CONTROLLER",
            "listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL",
            "num.network.threads", "3",
            "num.io.threads", "8",
            "log.dirs", "/tmp/kraft-combined-logs",
            "log.retention.hours", "24");

    assertThat(config.quorum().voters()).hasSize(3);
    assertThat(config.quorum().voters().get(2).host()).isEqualTo("::1");
    assertThat(config.quorum().controllerBind().orElseThrow().port()).isEqualTo(9094);
    assertThat(config.listeners().client()).extracting(Endpoint::port).containsExactly(9192);
    assertThat(config.listeners().advertised().get("PLAINTEXT").host()).isEqualTo("b.example");
    assertThat(config.topicConfigDefaults()).containsExactly(Map.entry("retention.ms", "86400000"));
    assertThat(config.notImplemented()).containsExactly("num.io.threads");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "node.id | -1 | a whole number from 0 to 99999",
        "node.id | one | a whole number from 0 to 99999",
        "process.roles | janitor | broker, controller or both",
        "listeners | PLAINTEXT:9092 | NAME://host:port",
        "listeners | PLAINTEXT://:99999 | a port from 0 to 65535",
        "listeners | A://:1,A://:2 | each listener name once",
        "advertised.listeners | PLAINTEXT://0.0.0.0:9092 | a host that clients can connect to",
        "advertised.listeners | OTHER://h:1 | only names that listeners has",
        "listener.security.protocol.map | PLAINTEXT:SSL | not implemented yet",
        "controller.quorum.voters | 1:localhost | id@host:port",
        "controller.quorum.voters | 2@localhost:1 | node.id=1 among the voters",
        "inter.broker.listener.name | X | one of [PLAINTEXT]",
        "log.cleanup.policy | none | a comma-separated list of delete, compact",
        "log.cleaner.threads | 0 | a whole number from 1 to 64",
        "log.cleaner.dedupe.buffer.size | 1000 | a whole number from 1048576",
        "log.cleaner.io.max.bytes.per.second | 0 | a number between 1.0",
        "log.cleaner.min.cleanable.ratio | 2 | a number between 0.0 and 1.0",
        "auto.create.topics.enable | maybe | true or false",
        "message.max.bytes | -5 | a whole number of 0 or more",
        "log.message.timestamp.type | Never | one of CreateTime, LogAppendTime",
        "socket.request.max.bytes | 12 | a whole number of 1024 or more",
      })
  void badValue_isRefusedNamingKeyValueAndRange(String key, String value, String allowed) {
    assertThatThrownBy(() -> config(key, value))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(key + "=")
        .hasMessageContaining(allowed);
  }

  @Test
  void unknownKey_isRefusedWithTheNearestKnownOne() {
    assertThatThrownBy(() -> config("log.retention.hour", "3"))
        .isInstanceOf(ConfigException.class)
        .hasMessage("unknown key log.retention.hour, did you mean log.retention.hours?");
  }

  @Test
  void finerRetentionKey_winsOverTheCoarserOne() {
    NodeConfig config =
        config("log.retention.hours", "1", "log.retention.minutes", "2", "log.retention.ms", "3");

    assertThat(config.topicConfigDefaults()).containsEntry("retention.ms", "3");
  }

  @Test
  void brokerOnlyNode_needsTheVotersAddresses() {
    assertThatThrownBy(() -> config("process.roles", "broker"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("controller.quorum.voters");
  }

  @Test
  void replicationFactorThatNobodyChose_isCappedAtTheBrokersThereAre() {
    assertThat(config().topics().replicationFactorFor(1)).isEqualTo((short) 1);
    assertThat(config().topics().replicationFactorFor(5)).isEqualTo((short) 3);
    assertThat(config("default.replication.factor", "3").topics().replicationFactorFor(1))
        .isEqualTo((short) 3);
  }

  @Test
  void everyDeclaredKey_hasADefaultInItsRangeAndASentence() {
    assertThat(NodeConfig.keys())
        .allSatisfy(
            key -> {
              assertThat(key.defaultValue()).isNotNull();
              assertThat(key.sentence()).endsWith(".");
            });
    assertThat(NodeConfig.keys().stream().map(ConfigKey::name)).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @CsvSource({
    "log.dirs, ''",
    "log.dirs, ' , '",
    "log.dir, ''",
    "metadata.log.dir, ''",
    "controller.quorum.voters, ''",
    "listeners, ''",
    "advertised.listeners, ''",
    "broker.rack, ''",
    "process.roles, ','"
  })
  void keyWithoutAValue_isRefused(String key, String value) {
    assertThatThrownBy(() -> config(key, value))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(key + "=")
        .hasMessageContaining("leave the key out");
  }
}
