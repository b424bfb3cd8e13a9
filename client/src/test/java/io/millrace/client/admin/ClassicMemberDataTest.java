package io.millrace.client.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.TopicPartition;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Kafka's own consumers write, and what nobody should. */
class ClassicMemberDataTest {

  private static org.apache.kafka.common.TopicPartition kafka(String topic, int partition) {
    return new org.apache.kafka.common.TopicPartition(topic, partition);
  }

  @ParameterizedTest
  @ValueSource(shorts = {0, 1, 2, 3})
  void subscription_isReadInEveryVersion(short version) {
    Subscription subscription =
        new Subscription(
            List.of("orders", "größe"),
            ByteBuffer.wrap(new byte[] {1, 2}),
            List.of(kafka("orders", 3)),
            5,
            java.util.Optional.of("rack-a"));

    ByteBuffer bytes = ConsumerProtocol.serializeSubscription(subscription, version);

    assertThat(ClassicMemberData.topics(bytes)).containsExactlyInAnyOrder("orders", "größe");
  }

  @ParameterizedTest
  @ValueSource(shorts = {0, 1, 2, 3})
  void assignment_isReadInEveryVersion(short version) {
    Assignment assignment =
        new Assignment(
            List.of(kafka("a", 0), kafka("a", 7), kafka("b", 1)), ByteBuffer.allocate(3));

    ByteBuffer bytes = ConsumerProtocol.serializeAssignment(assignment, version);

    assertThat(ClassicMemberData.partitions(bytes))
        .containsExactlyInAnyOrder(
            new TopicPartition("a", 0), new TopicPartition("a", 7), new TopicPartition("b", 1));
  }

  @Test
  void emptyBytes_readAsNothing() {
    assertThat(ClassicMemberData.topics(ByteBuffer.allocate(0))).isEmpty();
    assertThat(ClassicMemberData.partitions(ByteBuffer.allocate(0))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void arbitraryBytes_neverThrowNorTakeMuchMemory(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 5_000; round++) {
      byte[] bytes = new byte[random.nextInt(64)];
      random.nextBytes(bytes);
      if (bytes.length > 1) {
        bytes[0] = 0; // a version that is one
      }
      if (bytes.length > 6) {
        bytes[2] = (byte) random.nextInt(2);
      }

      assertThat(ClassicMemberData.topics(ByteBuffer.wrap(bytes)).size())
          .as("seed %d round %d", seed, round)
          .isLessThanOrEqualTo(bytes.length);
      assertThat(ClassicMemberData.partitions(ByteBuffer.wrap(bytes)).size())
          .as("seed %d round %d", seed, round)
          .isLessThanOrEqualTo(bytes.length);
    }
  }
}
