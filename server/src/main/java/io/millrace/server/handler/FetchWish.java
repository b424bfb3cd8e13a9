package io.millrace.server.handler;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.FetchRequest.FetchPartition;
import io.millrace.protocol.message.FetchRequest.FetchTopic;

/** One partition that a client wants to read. */
record FetchWish(
    String topic,
    Uuid topicId,
    int partition,
    int currentLeaderEpoch,
    long fetchOffset,
    int lastFetchedEpoch,
    int maxBytes) {

  /** What names the partition in its session: by id when the client uses ids, else by name. */
  record Key(String topic, Uuid topicId, int partition) {}

  static FetchWish of(FetchTopic topic, FetchPartition partition) {
    return new FetchWish(
        topic.topic(),
        topic.topicId(),
        partition.partition(),
        partition.currentLeaderEpoch(),
        partition.fetchOffset(),
        partition.lastFetchedEpoch(),
        partition.partitionMaxBytes());
  }

  Key key() {
    return new Key(topic, topicId, partition);
  }
}
