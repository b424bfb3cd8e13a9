package io.millrace.server.handler;

import io.millrace.concurrent.EventLoop;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.replication.ReadIsolation;
import io.millrace.replication.ReadRequest;
import io.millrace.replication.ReadResult;
import io.millrace.replication.ReplicatedPartition;
import io.millrace.replication.delayed.DelayedFetch;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One fetch. Reads once; when that is too little, waits until there is enough or the time is over,
 * and reads again. Both reads run on the connection's event loop.
 */
final class FetchAttempt {
  private static final byte READ_COMMITTED = 1;

  /** What a read of one partition gave. */
  record Outcome(FetchWish wish, @Nullable ReplicatedPartition partition, ReadResult result) {
    boolean isNotable() {
      return result.error() != ErrorCode.NONE || result.diverging() != null;
    }
  }

  private final RequestContext context;
  private final FetchRequest request;
  private final int replicaId;
  private final List<FetchWish> wishes;
  private final @Nullable FetchSession session;
  private final boolean tellAll;
  private final PartitionLookup partitions;
  private final int maxBytes;
  private final ReadIsolation isolation;
  private final CompletableFuture<Reply> done = new CompletableFuture<>();

  FetchAttempt(
      RequestContext context,
      FetchRequest request,
      int replicaId,
      List<FetchWish> wishes,
      @Nullable FetchSession session,
      boolean tellAll,
      PartitionLookup partitions,
      int maxBytes) {
    this.context = context;
    this.request = request;
    this.replicaId = replicaId;
    this.wishes = wishes;
    this.session = session;
    this.tellAll = tellAll;
    this.partitions = partitions;
    this.maxBytes = maxBytes;
    this.isolation =
        replicaId >= 0
            ? ReadIsolation.LOG_END
            : request.isolationLevel() == READ_COMMITTED
                ? ReadIsolation.COMMITTED
                : ReadIsolation.UNCOMMITTED;
  }

  CompletableFuture<Reply> start(EventLoop timers) {
    List<Outcome> outcomes = read();
    long bytes = 0;
    boolean notable = false;
    for (Outcome outcome : outcomes) {
      bytes += outcome.result().records().sizeInBytes();
      notable |= outcome.isNotable();
    }
    boolean enough =
        notable || bytes >= request.minBytes() || request.maxWaitMs() <= 0 || wishes.isEmpty();
    if (enough) {
      answer(outcomes);
    } else {
      release(outcomes);
      await(outcomes, request.minBytes() - bytes, timers);
    }
    return done;
  }

  private void await(List<Outcome> outcomes, long missingBytes, EventLoop timers) {
    DelayedFetch delayed = new DelayedFetch(missingBytes, this::onReady);
    for (Outcome outcome : outcomes) {
      ReplicatedPartition partition = outcome.partition();
      if (partition != null) {
        partition.awaitData(delayed, isolation, outcome.result().readableEnd());
      }
    }
    delayed.startTimer(timers, TimeUnit.MILLISECONDS.toNanos(request.maxWaitMs()));
  }

  /** Whatever thread noticed that there is something to read. */
  private void onReady() {
    try {
      context.connectionLoop().execute(this::readAgain);
    } catch (RejectedExecutionException stopping) {
      done.completeExceptionally(stopping);
    }
  }

  private void readAgain() {
    try {
      answer(read());
    } catch (RuntimeException | Error e) { // the answers to later requests wait behind this one
      done.completeExceptionally(e);
    }
  }

  private void answer(List<Outcome> outcomes) {
    done.complete(
        Reply.of(
            new FetchAnswer(
                    context, partitions, session, tellAll, isolation == ReadIsolation.COMMITTED)
                .build(outcomes)));
  }

  private List<Outcome> read() {
    return readAll(wishes, maxBytes, this::read);
  }

  /** Reads one partition. */
  interface Reader {
    Outcome read(FetchWish wish, int limit, boolean minOneBatch);
  }

  /** Reads until the answer is full; when one throws, what was read before is given back. hot. */
  static List<Outcome> readAll(List<FetchWish> wishes, int maxBytes, Reader reader) {
    List<Outcome> outcomes = new ArrayList<>(wishes.size());
    int left = maxBytes;
    boolean nothingYet = true;
    try {
      for (FetchWish wish : wishes) {
        Outcome outcome = reader.read(wish, Math.min(wish.maxBytes(), left), nothingYet);
        outcomes.add(outcome);
        int size = outcome.result().records().sizeInBytes();
        nothingYet &= size == 0;
        left = Math.max(0, left - size);
      }
      return outcomes;
    } catch (RuntimeException | Error e) {
      release(outcomes);
      throw e;
    }
  }

  private static void release(List<Outcome> outcomes) {
    outcomes.forEach(outcome -> outcome.result().records().release());
  }

  private Outcome read(FetchWish wish, int limit, boolean minOneBatch) {
    PartitionLookup.Found found = partitions.find(wish.topic(), wish.topicId(), wish.partition());
    ReplicatedPartition partition = found.partition();
    if (partition == null) {
      return new Outcome(wish, null, failed(found.error()));
    }
    return new Outcome(
        wish, partition, partition.read(readRequest(wish, Math.max(0, limit), minOneBatch)));
  }

  private ReadRequest readRequest(FetchWish wish, int limit, boolean minOneBatch) {
    if (replicaId < 0) {
      return ReadRequest.ofConsumer(
          wish.currentLeaderEpoch(),
          wish.fetchOffset(),
          wish.lastFetchedEpoch(),
          limit,
          minOneBatch,
          isolation);
    }
    return ReadRequest.ofFollower(
        replicaId,
        request.replicaState().replicaEpoch(),
        wish.currentLeaderEpoch(),
        wish.fetchOffset(),
        wish.lastFetchedEpoch(),
        limit,
        minOneBatch);
  }

  private static ReadResult failed(ErrorCode error) {
    return new ReadResult(error, MemoryRecords.EMPTY, -1, -1, -1, -1, null, -1, -1);
  }
}
