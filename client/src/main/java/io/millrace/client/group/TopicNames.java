package io.millrace.client.group;

import io.millrace.client.cluster.ClusterClient;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.MetadataRequest;
import io.millrace.protocol.message.MetadataRequest.MetadataRequestTopic;
import io.millrace.protocol.message.MetadataResponse;
import io.millrace.protocol.message.ResponseMessage;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The names of topics whose ids the coordinator sends. Asks for what the client's picture of the
 * cluster lacks: with a pattern the broker knows of topics that nobody here has heard of. A name
 * that was learnt stays: a topic keeps its id and its name until it is deleted.
 */
@ConfinedTo("the consumer's loop")
final class TopicNames {

  private final ClusterClient cluster;
  private final Runnable learnt;
  private final Map<Uuid, String> names = new HashMap<>();
  private final Set<Uuid> missing = new TreeSet<>();
  private boolean asking;
  private int failures;

  /**
   * @param learnt runs when a name has become known
   */
  TopicNames(ClusterClient cluster, Runnable learnt) {
    this.cluster = cluster;
    this.learnt = learnt;
  }

  /** Null, and asked for, while nobody knows. */
  @Nullable String nameOf(Uuid id) {
    String known = names.get(id);
    if (known == null) {
      known = cluster.view().namesById().get(id);
      if (known == null) {
        missing.add(id);
      } else {
        names.put(id, known);
      }
    }
    return known;
  }

  /** Asks for the names that are missing; forgets those of topics that nobody wants any more. */
  void ask(Collection<Uuid> wanted) {
    missing.retainAll(wanted);
    names.keySet().retainAll(wanted);
    if (missing.isEmpty()) {
      failures = 0;
    } else if (!asking) {
      asking = true;
      cluster
          .askAny(request(missing), cluster.config().requestTimeout().toNanos())
          .whenComplete((answer, failure) -> answered(answer));
    }
  }

  private static MetadataRequest request(Collection<Uuid> ids) {
    List<MetadataRequestTopic> topics =
        ids.stream()
            .map(id -> MetadataRequestTopic.builder().topicId(id).name(null).build())
            .toList();
    return MetadataRequest.builder().topics(topics).allowAutoTopicCreation(false).build();
  }

  private void answered(@Nullable ResponseMessage answer) {
    boolean found = false;
    if (answer instanceof MetadataResponse metadata) {
      for (MetadataResponse.MetadataResponseTopic topic : metadata.topics()) {
        String name = topic.name();
        if (topic.errorCode() == ErrorCode.NONE.code() && name != null && !name.isEmpty()) {
          found |= missing.remove(topic.topicId());
          names.put(topic.topicId(), name);
        }
      }
    }
    failures++;
    if (missing.isEmpty()) {
      asking = false;
      failures = 0;
    } else {
      // brokers learn of a new topic at different moments
      cluster
          .loop()
          .schedule(
              () -> {
                asking = false;
                if (!cluster.isClosed()) {
                  learnt.run();
                }
              },
              cluster.backoffNanos(failures));
    }
    if (found && !cluster.isClosed()) {
      learnt.run();
    }
  }
}
