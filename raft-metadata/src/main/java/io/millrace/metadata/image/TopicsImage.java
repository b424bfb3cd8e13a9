package io.millrace.metadata.image;

import io.millrace.protocol.Uuid;
import java.util.Iterator;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * All topics, by id and by name. Immutable; a change costs O(log topics + partitions of the topic).
 */
public record TopicsImage(
    PersistentMap<Uuid, TopicImage> byId, PersistentMap<String, Uuid> idsByName) {

  public static final TopicsImage EMPTY =
      new TopicsImage(PersistentMap.empty(), PersistentMap.empty());

  public @Nullable TopicImage topic(Uuid id) {
    return byId.get(id);
  }

  public @Nullable TopicImage topic(String name) {
    Uuid id = idsByName.get(name);
    return id == null ? null : byId.get(id);
  }

  public @Nullable PartitionImage partition(Uuid id, int partition) {
    TopicImage topic = byId.get(id);
    return topic == null ? null : topic.partition(partition);
  }

  /** Every topic, in order of its name. */
  public Iterable<TopicImage> byName() {
    return () -> {
      var names = idsByName.values().iterator();
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return names.hasNext();
        }

        @Override
        public TopicImage next() {
          return Objects.requireNonNull(byId.get(names.next()));
        }
      };
    };
  }

  public TopicsImage with(TopicImage topic) {
    return new TopicsImage(byId.with(topic.id(), topic), idsByName.with(topic.name(), topic.id()));
  }

  public TopicsImage without(Uuid id) {
    TopicImage topic = byId.get(id);
    if (topic == null) {
      return this;
    }
    // The name may already belong to a later topic of the same name.
    boolean ownsName = id.equals(idsByName.get(topic.name()));
    return new TopicsImage(
        byId.without(id), ownsName ? idsByName.without(topic.name()) : idsByName);
  }
}
