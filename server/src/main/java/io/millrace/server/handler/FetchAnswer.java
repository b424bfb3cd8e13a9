package io.millrace.server.handler;

import io.millrace.log.EpochEnd;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.FetchResponse;
import io.millrace.protocol.message.FetchResponse.EpochEndOffset;
import io.millrace.protocol.message.FetchResponse.FetchableTopicResponse;
import io.millrace.protocol.message.FetchResponse.LeaderIdAndEpoch;
import io.millrace.protocol.message.FetchResponse.NodeEndpoint;
import io.millrace.protocol.message.FetchResponse.PartitionData;
import io.millrace.replication.ReadResult;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts what was read into the words of the protocol's version. Used once, on the connection's event
 * loop.
 */
final class FetchAnswer {
  private static final short FIRST_WITH_LEADERS = 12;
  private static final short FIRST_WITH_ENDPOINTS = 16;
  private static final short FIRST_WITH_SESSIONS = 7;

  private record TopicKey(String name, Uuid id) {}

  private final RequestContext context;
  private final PartitionLookup partitions;
  private final @Nullable FetchSession session;
  private final boolean tellAll;
  private final boolean committedOnly;
  private final LeaderHints hints;

  FetchAnswer(
      RequestContext context,
      PartitionLookup partitions,
      @Nullable FetchSession session,
      boolean tellAll,
      boolean committedOnly) {
    this.context = context;
    this.partitions = partitions;
    this.session = session;
    this.tellAll = tellAll;
    this.committedOnly = committedOnly;
    this.hints =
        new LeaderHints(
            partitions.image(), context.listener(), context.version() >= FIRST_WITH_LEADERS);
  }

  /** Takes over the records of the outcomes. */
  FetchResponse build(List<FetchAttempt.Outcome> outcomes) {
    Map<TopicKey, List<PartitionData>> byTopic = new LinkedHashMap<>();
    for (FetchAttempt.Outcome outcome : outcomes) {
      if (mustTell(outcome)) {
        FetchWish wish = outcome.wish();
        byTopic
            .computeIfAbsent(new TopicKey(wish.topic(), wish.topicId()), key -> new ArrayList<>())
            .add(partition(outcome));
      } else {
        outcome.result().records().release();
      }
    }
    List<FetchableTopicResponse> topics = new ArrayList<>(byTopic.size());
    byTopic.forEach(
        (key, data) -> topics.add(new FetchableTopicResponse(key.name(), key.id(), data)));
    return FetchResponse.builder()
        .sessionId(
            session == null || context.version() < FIRST_WITH_SESSIONS
                ? FetchSession.NO_SESSION
                : session.id())
        .responses(topics)
        .nodeEndpoints(endpoints())
        .build();
  }

  private boolean mustTell(FetchAttempt.Outcome outcome) {
    if (session == null) {
      return true;
    }
    ReadResult result = outcome.result();
    boolean hasRecords = result.records().sizeInBytes() > 0;
    return session.tell(
        outcome.wish().key(),
        result.highWatermark(),
        result.logStartOffset(),
        hasRecords || outcome.isNotable(),
        hasRecords,
        tellAll);
  }

  private PartitionData partition(FetchAttempt.Outcome outcome) {
    ReadResult result = outcome.result();
    FetchWish wish = outcome.wish();
    PartitionData.Builder data =
        PartitionData.builder()
            .partitionIndex(wish.partition())
            .errorCode(result.error().code())
            .highWatermark(result.highWatermark())
            .lastStableOffset(result.lastStableOffset())
            .logStartOffset(result.logStartOffset())
            .abortedTransactions(committedOnly ? List.of() : null)
            .records(result.records());
    EpochEnd diverging = result.diverging();
    if (diverging != null && context.version() >= FIRST_WITH_LEADERS) {
      data.divergingEpoch(new EpochEndOffset(diverging.epoch(), diverging.endOffset()));
    }
    LeaderHints.Hint hint =
        hints.hint(
            result.error(), partitions.topic(wish.topic(), wish.topicId()), wish.partition());
    if (hint != null) {
      data.currentLeader(new LeaderIdAndEpoch(hint.leaderId(), hint.leaderEpoch()));
    }
    return data.build();
  }

  private List<NodeEndpoint> endpoints() {
    List<NodeEndpoint> endpoints = new ArrayList<>();
    if (context.version() >= FIRST_WITH_ENDPOINTS) {
      for (ClusterView.Reachable leader : hints.endpoints()) {
        endpoints.add(
            new NodeEndpoint(
                leader.broker().id(),
                leader.endpoint().host(),
                leader.endpoint().port(),
                leader.broker().rack()));
      }
    }
    return endpoints;
  }
}
