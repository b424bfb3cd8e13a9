package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The administration of groups against a broker that runs already, Apache Kafka or Millrace: {@code
 * -Dmillrace.bootstrap=host:port}, with Kafka's own consumers as members. Not part of an ordinary
 * build.
 */
@EnabledIfSystemProperty(named = "millrace.bootstrap", matches = ".+")
@Timeout(60)
class RunningBrokerGroupsTest {

  private final String bootstrap = System.getProperty("millrace.bootstrap", "");
  private final String topic = "groups-" + UUID.randomUUID();
  private final String group = "g-" + UUID.randomUUID();
  private final TopicPartition first = new TopicPartition(topic, 0);
  private final Admin admin =
      Admin.builder().bootstrapServers(bootstrap).apiTimeout(Duration.ofSeconds(20)).build();

  @BeforeEach
  void createTopic() {
    get(admin.createTopic(NewTopic.of(topic, 3, 1)));
  }

  @AfterEach
  void deleteTopic() {
    get(admin.deleteTopic(topic));
    admin.close();
  }

  private KafkaConsumer<byte[], byte[]> member(String protocol) {
    Map<String, Object> config = new HashMap<>();
    config.put("bootstrap.servers", bootstrap);
    config.put("group.id", group);
    config.put("group.protocol", protocol);
    config.put("client.id", "member-1");
    config.put("auto.offset.reset", "earliest");
    config.put("enable.auto.commit", "false");
    KafkaConsumer<byte[], byte[]> member =
        new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    member.subscribe(List.of(topic));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (member.assignment().size() < 3 && System.nanoTime() < end) {
      member.poll(Duration.ofMillis(100));
    }
    assertThat(member.assignment()).hasSize(3);
    return member;
  }

  @ParameterizedTest
  @ValueSource(strings = {"classic", "consumer"})
  void groupWithAMember_isListedAndDescribed(String protocol) {
    try (KafkaConsumer<byte[], byte[]> member = member(protocol)) {
      // when
      member.commitSync(
          Map.of(
              new org.apache.kafka.common.TopicPartition(topic, 0),
              new org.apache.kafka.clients.consumer.OffsetAndMetadata(0, "note")));
      GroupDescription described = get(admin.describeGroup(group));
      GroupListings listed =
          get(admin.listGroups(Set.of(GroupState.STABLE), Set.of(GroupType.ofWireName(protocol))));

      // then
      assertThat(described.type()).isEqualTo(GroupType.ofWireName(protocol));
      assertThat(described.state()).isEqualTo(GroupState.STABLE);
      assertThat(described.assignor()).isNotEmpty();
      assertThat(described.members()).hasSize(1);
      GroupMember only = described.members().get(0);
      assertThat(only.clientId()).isEqualTo("member-1");
      assertThat(only.topics()).containsExactly(topic);
      assertThat(only.assignment()).hasSize(3).isEqualTo(only.target());
      assertThat(only.isClassic()).isEqualTo(protocol.equals("classic"));
      assertThat(listed.unanswered()).isEmpty();
      assertThat(listed.groups()).extracting(GroupListing::groupId).contains(group);
      assertThat(get(admin.committedOffsets(group)))
          .extractingByKey(first)
          .extracting(OffsetAndMetadata::offset, OffsetAndMetadata::metadata)
          .containsExactly(0L, "note");
      assertThatThrownBy(() -> get(only(admin.deleteGroups(List.of(group)))))
          .hasMessageContaining("NON_EMPTY_GROUP");
      assertThatThrownBy(
              () ->
                  get(
                      only(
                          admin.alterGroupOffsets(group, Map.of(first, new OffsetAndMetadata(1))))))
          .hasMessageContaining("unknown member id");
      assertThatThrownBy(() -> get(only(admin.deleteGroupOffsets(group, List.of(first)))))
          .hasMessageContaining("group subscribed to topic");
    }
  }

  @Test
  void groupWithoutMembers_isMadeChangedAndDeleted() {
    // when
    Map<TopicPartition, CompletableFuture<Void>> altered =
        admin.alterGroupOffsets(
            group,
            Map.of(
                first,
                new OffsetAndMetadata(5, 0, "by hand"),
                new TopicPartition(topic, 1),
                new OffsetAndMetadata(6)));
    altered.values().forEach(RunningBrokerGroupsTest::get);

    // then
    assertThat(get(admin.describeGroup(group)).state()).isEqualTo(GroupState.EMPTY);
    assertThat(get(admin.committedOffsets(group)))
        .containsEntry(first, new OffsetAndMetadata(5, 0, "by hand"))
        .hasSize(2);
    get(only(admin.deleteGroupOffsets(group, List.of(first))));
    assertThat(get(admin.committedOffsets(group))).hasSize(1);
    get(only(admin.deleteGroups(List.of(group))));
    assertThat(get(admin.committedOffsets(group))).isEmpty();
    assertThatThrownBy(() -> get(admin.describeGroup(group)))
        .hasMessageContaining("GROUP_ID_NOT_FOUND");
    assertThatThrownBy(() -> get(only(admin.deleteGroups(List.of(group)))))
        .hasMessageContaining("GROUP_ID_NOT_FOUND");
  }

  @Test
  void removedMember_isGone() {
    try (KafkaConsumer<byte[], byte[]> member = member("classic")) {
      // when
      String memberId = member.groupMetadata().memberId();
      get(
          only(
              admin.removeMembers(
                  group, List.of(MemberToRemove.member(memberId)), "test of removal")));

      // then
      assertThat(get(admin.describeGroup(group)).members()).isEmpty();
      assertThatThrownBy(
              () ->
                  get(
                      only(
                          admin.removeMembers(
                              group, List.of(MemberToRemove.instance("nobody")), ""))))
          .hasMessageContaining("unknown member id");
    }
  }

  @ParameterizedTest
  @EnumSource(CompressionType.class)
  void recordTimestamps_areThoseOfTheFirstUnreadRecords(CompressionType compression) {
    // given: batches of several records, one larger than a look at a partition, one partition empty
    long base = 1_700_000_000_000L;
    try (Producer<byte[], byte[]> producer =
        Producer.builder(Serializers.bytes(), Serializers.bytes())
            .bootstrapServers(bootstrap)
            .compression(compression)
            .linger(Duration.ofMillis(50))
            .build()) {
      SplittableRandom random = new SplittableRandom(7);
      for (int i = 0; i < 40; i++) {
        byte[] value = new byte[i % 2 == 0 ? 10 : 200_000];
        random.nextBytes(value);
        producer.send(
            ProducerRecord.<byte[], byte[]>of(topic, null, value)
                .withPartition(i % 2)
                .withTimestamp(base + 1000L * i));
      }
      producer.flush();
    }

    // when
    Map<TopicPartition, CompletableFuture<Long>> times =
        admin.recordTimestamps(
            Map.of(first, 7L, new TopicPartition(topic, 1), 11L, new TopicPartition(topic, 2), 0L));
    Map<TopicPartition, CompletableFuture<Long>> others =
        admin.recordTimestamps(Map.of(first, 20L, new TopicPartition(topic, 1), 19L));

    // then
    assertThat(times)
        .allSatisfy(
            (partition, time) ->
                assertThat(get(time))
                    .isEqualTo(
                        switch (partition.partition()) {
                          case 0 -> base + 1000L * 14;
                          case 1 -> base + 1000L * 23;
                          default -> -1;
                        }));
    assertThat(others)
        .allSatisfy(
            (partition, time) ->
                assertThat(get(time)).isEqualTo(partition.equals(first) ? -1 : base + 39_000));
  }

  private static <K, T> CompletableFuture<T> only(Map<K, CompletableFuture<T>> results) {
    assertThat(results).hasSize(1);
    return Objects.requireNonNull(results.values().iterator().next());
  }

  private static <T> T get(CompletableFuture<T> future) {
    return future.orTimeout(30, TimeUnit.SECONDS).join();
  }
}
