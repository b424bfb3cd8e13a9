package io.millrace.protocol.message;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.codec.UnsupportedFieldException;
import io.netty.buffer.ByteBufUtil;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every message in every version against the classes of kafka-clients. */
class MessageOracleTest {

  private static final int PER_VERSION = 12;
  private static final long SEED = Long.getLong("millrace.seed", 20261122);

  static List<OurMessage> messages() {
    return OurMessage.all();
  }

  @Test
  void generatedMessages_areAllThatTheJarDescribes() {
    // 91 APIs with two messages each, two headers, eleven stored values; the four dead APIs have
    // none.
    assertThat(messages()).hasSize(2 * io.millrace.protocol.ApiKey.values().length + 2 + 11);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void everyVersion_isWrittenAsKafkaWritesIt_andReadBackEqual(OurMessage message) {
    KafkaMessage kafka = message.kafka();
    for (short version = kafka.lowest(); version <= kafka.highest(); version++) {
      RandomMessage random = new RandomMessage(SEED + version);
      for (int i = 0; i < PER_VERSION; i++) {
        Message ours = random.next(message.type(), kafka.schema(version));
        String what = message + " version " + version + " seed " + SEED + " round " + i;

        byte[] written = OurMessage.write(ours, version);
        byte[] writtenByKafka = KafkaMessage.write(kafka.read(written, version), version);

        assertThat(ByteBufUtil.hexDump(written))
            .as(what)
            .isEqualTo(ByteBufUtil.hexDump(writtenByKafka));
        assertThat(message.read(writtenByKafka, version)).as(what).isEqualTo(ours);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("messages")
  void valueThatTheVersionCannotCarry_isRefusedOrDroppedAsKafkaDoes(OurMessage message) {
    KafkaMessage kafka = message.kafka();
    for (short full = kafka.lowest(); full <= kafka.highest(); full++) {
      RandomMessage random = new RandomMessage(SEED - full);
      for (int i = 0; i < 3; i++) {
        Message ours = random.next(message.type(), kafka.schema(full));
        var theirs = kafka.read(OurMessage.write(ours, full), full);
        for (short version = kafka.lowest(); version <= kafka.highest(); version++) {
          String what =
              message + " of version " + full + " in " + version + " seed " + SEED + " round " + i;
          assertThat(ourAnswer(ours, version)).as(what).isEqualTo(kafkasAnswer(theirs, version));
        }
      }
    }
  }

  private static @Nullable String ourAnswer(Message message, short version) {
    try {
      return ByteBufUtil.hexDump(OurMessage.write(message, version));
    } catch (UnsupportedFieldException e) {
      return null;
    }
  }

  private static @Nullable String kafkasAnswer(
      org.apache.kafka.common.protocol.Message message, short version) {
    try {
      return ByteBufUtil.hexDump(KafkaMessage.write(message, version));
    } catch (org.apache.kafka.common.errors.UnsupportedVersionException | NullPointerException e) {
      return null;
    }
  }
}
