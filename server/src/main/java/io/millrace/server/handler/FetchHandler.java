package io.millrace.server.handler;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchRequest.FetchPartition;
import io.millrace.protocol.message.FetchRequest.FetchTopic;
import io.millrace.protocol.message.FetchResponse;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Serves consumers and followers: finds or makes the session, then lets a {@link FetchAttempt} read
 * and wait.
 */
final class FetchHandler implements RequestHandler<FetchRequest> {
  private static final short FIRST_WITH_SESSIONS = 7;
  private static final short FIRST_WITH_IDS = 13;

  private final PartitionLookup partitions;
  private final FetchSessions sessions;
  private final EventLoop timers;
  private final Clock clock;
  private final int maxBytes;

  FetchHandler(
      PartitionLookup partitions,
      FetchSessions sessions,
      EventLoop timers,
      Clock clock,
      int maxBytes) {
    this.partitions = partitions;
    this.sessions = sessions;
    this.timers = timers;
    this.clock = clock;
    this.maxBytes = maxBytes;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, FetchRequest request) {
    boolean noSession =
        context.version() < FIRST_WITH_SESSIONS
            || request.sessionEpoch() == FetchSession.FINAL_EPOCH;
    if (noSession) {
      sessions.remove(request.sessionId());
      return start(context, request, wishes(request), null, true);
    }
    if (request.sessionEpoch() == FetchSession.INITIAL_EPOCH) {
      sessions.remove(request.sessionId());
      List<FetchWish> wishes = wishes(request);
      FetchSession session =
          wishes.isEmpty()
              ? null
              : sessions.create(usesIds(context), replicaId(request) >= 0, wishes);
      return start(context, request, wishes, session, true);
    }
    FetchSession session = sessions.find(request.sessionId());
    if (session == null) {
      return failed(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    }
    if (session.byTopicId() != usesIds(context)) {
      return failed(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
    }
    if (!session.advance(request.sessionEpoch(), clock.monotonicNanos())) {
      return failed(ErrorCode.INVALID_FETCH_SESSION_EPOCH);
    }
    return start(context, request, session.update(request), session, false);
  }

  private CompletableFuture<Reply> start(
      RequestContext context,
      FetchRequest request,
      List<FetchWish> wishes,
      @Nullable FetchSession session,
      boolean tellAll) {
    int limit = Math.max(0, Math.min(request.maxBytes(), maxBytes));
    FetchAttempt attempt =
        new FetchAttempt(
            context, request, replicaId(request), wishes, session, tellAll, partitions, limit);
    return attempt.start(timers);
  }

  static int replicaId(FetchRequest request) {
    // Until version 14 in the body, after that in a tagged field; the other one is -1.
    return request.replicaId() >= 0 ? request.replicaId() : request.replicaState().replicaId();
  }

  private static boolean usesIds(RequestContext context) {
    return context.version() >= FIRST_WITH_IDS;
  }

  private static List<FetchWish> wishes(FetchRequest request) {
    List<FetchWish> wishes = new ArrayList<>();
    for (FetchTopic topic : request.topics()) {
      for (FetchPartition partition : topic.partitions()) {
        wishes.add(FetchWish.of(topic, partition));
      }
    }
    return wishes;
  }

  private static CompletableFuture<Reply> failed(ErrorCode error) {
    return CompletableFuture.completedFuture(
        Reply.of(FetchResponse.builder().errorCode(error.code()).build()));
  }
}
