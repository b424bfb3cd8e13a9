package io.millrace.protocol.message;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.codec.UnsupportedFieldException;
import io.netty.buffer.ByteBufUtil;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
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
    assertThat(messages()).hasSize(2 * ApiKey.values().length + 2 + 11);
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

  @ParameterizedTest
  @MethodSource("messages")
  void taggedFieldOfTheFuture_isSkipped(OurMessage message) {
    KafkaMessage kafka = message.kafka();
    for (short version = kafka.lowest(); version <= kafka.highest(); version++) {
      RandomMessage random = new RandomMessage(SEED);
      Message ours = random.next(message.type(), kafka.schema(version));
      byte[] written = OurMessage.write(ours, version);
      if (endsWithEmptyTags(kafka.schema(version))) {
        // The last byte counts the tagged fields, none: make it one, tag 16000 of three bytes.
        byte[] newer = Arrays.copyOf(written, written.length + 6);
        newer[written.length - 1] = 1;
        newer[written.length] = (byte) 0x80;
        newer[written.length + 1] = 0x7d;
        newer[written.length + 2] = 3;
        assertThat(message.read(newer, version)).as(message + " " + version).isEqualTo(ours);
      }
    }
  }

  private static boolean endsWithEmptyTags(Schema schema) {
    BoundField[] fields = schema.fields();
    return fields.length > 0
        && fields[fields.length - 1].def.type instanceof TaggedFields tags
        && tags.numFields() == 0;
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
