package io.millrace.metadata.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.image.BrokerStorage;
import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.Endpoint;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionChange;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.kv.AppliedLog;
import io.millrace.metadata.kv.KvView;
import io.millrace.metadata.kv.MetadataLogListener;
import io.millrace.metadata.kv.proto.KvBatch;
import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.KvDelta;
import io.millrace.metadata.kv.proto.Txn;
import io.millrace.metadata.record.MetadataRecord.BrokerRecord;
import io.millrace.metadata.record.MetadataRecord.BrokerStateRecord;
import io.millrace.metadata.record.MetadataRecord.BrokerStorageRecord;
import io.millrace.metadata.record.MetadataRecord.ClusterRecord;
import io.millrace.metadata.record.MetadataRecord.ConfigRecord;
import io.millrace.metadata.record.MetadataRecord.PartitionRecord;
import io.millrace.metadata.record.MetadataRecord.ProducerIdsRecord;
import io.millrace.metadata.record.MetadataRecord.TopicRecord;
import io.millrace.protocol.Uuid;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageReplayTest {

  private static final Uuid TOPIC = new Uuid(3, 4);

  @Test
  void records_surviveTheStore() {
    PartitionImage state = new PartitionImage(12, List.of(3, 1, 2), List.of(1, 3), -1, 7, 9);
    List<MetadataRecord> records =
        List.of(
            new ClusterRecord("some-id"),
            new BrokerRecord(
                5,
                new Uuid(1, 2),
                new Uuid(3, 4),
                null,
                List.of(new Endpoint("A", "h", 9092, "SSL"))),
            new BrokerRecord(5, new Uuid(1, 2), new Uuid(3, 4), "", List.of()),
            new BrokerStateRecord(5, true, false),
            new BrokerStorageRecord(5, BrokerStorage.WELL),
            new BrokerStorageRecord(
                5,
                new BrokerStorage(
                    false, 2, Map.of(TOPIC, List.of(0, 7), new Uuid(1, 1), List.of(3)))),
            new TopicRecord(TOPIC, "orders.v1"),
            new PartitionRecord(TOPIC, state),
            new ConfigRecord(ConfigResource.topic("orders.v1"), "retention.ms", ""),
            new ConfigRecord(ConfigResource.BROKER_DEFAULT, "a", "b"),
            new ConfigRecord(ConfigResource.broker(5), "a", "b"),
            new ProducerIdsRecord(17_000));

    for (MetadataRecord record : records) {
      assertThat(RecordValues.decode(record.key().text(), record.value())).isEqualTo(record);
      assertThat(RecordKey.parse(record.key().text())).isEqualTo(record.key());
    }
    assertThat(new PartitionRecord(TOPIC, state).key().text())
        .isEqualTo("/topics/" + TOPIC + "/partitions/000012");
  }

  @Test
  void foreignKeys_areLeftAlone() {
    for (String key :
        List.of(
            "/controller/guard",
            "x",
            "",
            "/brokers/1/other",
            "/topics/" + TOPIC + "/x/1",
            "/a/b")) {
      assertThat(RecordKey.parse(key)).as(key).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void deltasOneByOne_giveTheImageOfTheSnapshot(long seed) {
    Follower follower = new Follower();
    AppliedLog log = new AppliedLog(10);
    log.subscribe(-1, follower);
    RandomChanges changes = new RandomChanges(new SplittableRandom(seed));
    MetadataImage anEarlierOne = MetadataImage.EMPTY;

    for (int step = 0; step < 200; step++) {
      Txn.Builder txn = Txn.newBuilder();
      changes.next(follower.image).forEach(change -> txn.addSuccess(change.toOp()));
      log.apply(
          1,
          KvBatch.newBuilder().addCommands(KvCommand.newBuilder().setTerm(1).setTxn(txn)).build());
      if (step == 100) {
        anEarlierOne = follower.image;
      }
    }

    ImageReplay.Step snapshot = ImageReplay.step(anEarlierOne, log.view());
    assertThat(follower.image).as("seed %d", seed).isEqualTo(snapshot.image());
    assertThat(patched(anEarlierOne, snapshot))
        .as("seed %d", seed)
        .isEqualTo(partitions(snapshot.image()));
  }

  /** The partitions of an image after the changes that a step names. */
  private static List<String> patched(MetadataImage before, ImageReplay.Step step) {
    List<String> all = partitions(before);
    for (PartitionChange change : step.delta().partitions()) {
      if (change.before() != null) {
        assertThat(all.remove(change.topicId() + " " + change.before())).isTrue();
      }
      if (change.after() != null) {
        all.add(change.topicId() + " " + change.after());
      }
    }
    all.sort(null);
    return all;
  }

  private static List<String> partitions(MetadataImage image) {
    List<String> all = new ArrayList<>();
    for (TopicImage topic : image.topics().byName()) {
      topic.partitions().forEach(state -> all.add(topic.id() + " " + state));
    }
    all.sort(null);
    return all;
  }

  private static final class Follower implements MetadataLogListener {
    MetadataImage image = MetadataImage.EMPTY;

    @Override
    public void onApplied(KvDelta delta) {
      ImageReplay.Step step = ImageReplay.step(image, delta);
      assertThat(patched(image, step)).isEqualTo(partitions(step.image()));
      image = step.image();
    }

    @Override
    public void onSnapshot(KvView view) {
      image = ImageReplay.step(image, view).image();
    }
  }

  /** What a controller could write, at random. */
  private static final class RandomChanges {
    private final SplittableRandom random;

    RandomChanges(SplittableRandom random) {
      this.random = random;
    }

    List<MetadataChange> next(MetadataImage image) {
      List<MetadataChange> changes = new ArrayList<>();
      switch (random.nextInt(6)) {
        case 0 -> addTopic(changes);
        case 1 -> {
          TopicImage topic = someTopic(image);
          if (topic != null) {
            topic
                .partitions()
                .forEach(
                    state ->
                        changes.add(
                            MetadataChange.delete(
                                new RecordKey.Partition(topic.id(), state.partition()))));
            changes.add(MetadataChange.delete(new RecordKey.Topic(topic.id())));
            if (random.nextBoolean()) {
              addTopic(changes, topic.name()); // deleted and made again in one revision
            }
          }
        }
        case 2 -> {
          int id = random.nextInt(5);
          changes.add(
              MetadataChange.put(
                  new BrokerRecord(id, Uuid.random(random), new Uuid(1, id), null, List.of())));
          changes.add(
              MetadataChange.put(
                  new BrokerStateRecord(id, random.nextBoolean(), random.nextBoolean())));
        }
        case 3 ->
            changes.add(
                MetadataChange.put(
                    new ConfigRecord(
                        ConfigResource.topic("t" + random.nextInt(4)),
                        "c" + random.nextInt(3),
                        "v" + random.nextInt())));
        case 4 ->
            changes.add(
                MetadataChange.delete(
                    new RecordKey.Config(
                        ConfigResource.topic("t" + random.nextInt(4)), "c" + random.nextInt(3))));
        default -> {
          TopicImage topic = someTopic(image);
          if (topic != null) {
            PartitionImage state =
                topic.partitions().get(random.nextInt(topic.partitions().size()));
            changes.add(
                MetadataChange.put(
                    new PartitionRecord(topic.id(), state.next(state.isr().get(0), state.isr()))));
          }
        }
      }
      return changes;
    }

    private void addTopic(List<MetadataChange> changes) {
      addTopic(changes, "topic-" + random.nextLong());
    }

    private void addTopic(List<MetadataChange> changes, String name) {
      Uuid id = Uuid.random(random);
      changes.add(MetadataChange.put(new TopicRecord(id, name)));
      for (int i = 0; i <= random.nextInt(12); i++) {
        changes.add(
            MetadataChange.put(
                new PartitionRecord(
                    id, new PartitionImage(i, List.of(1, 2), List.of(2), -1, 0, 0))));
      }
    }

    private @Nullable TopicImage someTopic(MetadataImage image) {
      int skip = image.topics().byId().isEmpty() ? 0 : random.nextInt(image.topics().byId().size());
      for (TopicImage topic : image.topics().byName()) {
        if (skip-- == 0) {
          return topic;
        }
      }
      return null;
    }
  }
}
