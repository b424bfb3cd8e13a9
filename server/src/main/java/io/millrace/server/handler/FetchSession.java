package io.millrace.server.handler;

import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchRequest.FetchPartition;
import io.millrace.protocol.message.FetchRequest.FetchTopic;
import io.millrace.protocol.message.FetchRequest.ForgottenTopic;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a client that fetches again and again has asked for so far (KIP-227), so that it sends and
 * gets only what changed.
 *
 * <p>One connection uses a session at a time, but nothing keeps a client from using two; hence the
 * lock, which nobody waits for in earnest.
 */
final class FetchSession {
  static final int INITIAL_EPOCH = 0;
  static final int FINAL_EPOCH = -1;
  static final int NO_SESSION = 0;

  /** What the client was told last of a partition. */
  private static final class Told {
    private FetchWish wish;
    private long highWatermark = -1;
    private long logStartOffset = -1;

    Told(FetchWish wish) {
      this.wish = wish;
    }
  }

  private final int id;
  private final boolean byTopicId;
  private final boolean follower;
  private final Map<FetchWish.Key, Told> partitions = new LinkedHashMap<>();
  private int nextEpoch = INITIAL_EPOCH + 1;
  private volatile long lastUsedNanos;

  FetchSession(int id, boolean byTopicId, boolean follower, List<FetchWish> wishes, long nowNanos) {
    this.id = id;
    this.byTopicId = byTopicId;
    this.follower = follower;
    this.lastUsedNanos = nowNanos;
    wishes.forEach(wish -> partitions.put(wish.key(), new Told(wish)));
  }

  int id() {
    return id;
  }

  boolean byTopicId() {
    return byTopicId;
  }

  boolean isFollowers() {
    return follower;
  }

  long lastUsedNanos() {
    return lastUsedNanos;
  }

  /** Takes the next request's epoch; false when it is not the one that is due. */
  synchronized boolean advance(int epoch, long nowNanos) {
    if (epoch != nextEpoch) {
      return false;
    }
    nextEpoch = nextEpoch == Integer.MAX_VALUE ? 1 : nextEpoch + 1;
    lastUsedNanos = nowNanos;
    return true;
  }

  /**
   * Takes in what a request changes and returns all that is wanted now, in the order of the
   * session.
   */
  synchronized List<FetchWish> update(FetchRequest request) {
    for (ForgottenTopic topic : request.forgottenTopicsData()) {
      for (int partition : topic.partitions()) {
        partitions.remove(new FetchWish.Key(topic.topic(), topic.topicId(), partition));
      }
    }
    for (FetchTopic topic : request.topics()) {
      for (FetchPartition partition : topic.partitions()) {
        FetchWish wish = FetchWish.of(topic, partition);
        Told told = partitions.get(wish.key());
        if (told == null) {
          partitions.put(wish.key(), new Told(wish));
        } else {
          told.wish = wish;
        }
      }
    }
    List<FetchWish> wishes = new ArrayList<>(partitions.size());
    partitions.values().forEach(told -> wishes.add(told.wish));
    return wishes;
  }

  /**
   * Notes what the client is about to be told and says whether it must be told at all.
   *
   * @param notable there are records, an error or a diverging epoch
   * @param always the first answer of a session tells everything
   */
  synchronized boolean tell(
      FetchWish.Key key,
      long highWatermark,
      long logStartOffset,
      boolean notable,
      boolean hasRecords,
      boolean always) {
    Told told = partitions.get(key);
    if (told == null) {
      return true;
    }
    boolean changed = told.highWatermark != highWatermark || told.logStartOffset != logStartOffset;
    told.highWatermark = highWatermark;
    told.logStartOffset = logStartOffset;
    if (hasRecords) {
      // Those that got something go behind those that did not, so that a full answer starves
      // nobody.
      partitions.remove(key);
      partitions.put(key, told);
    }
    return always || notable || changed;
  }
}
