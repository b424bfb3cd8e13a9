package io.millrace.replication.follower;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.EpochEnd;
import io.millrace.log.TopicPartitionId;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchRequest.FetchPartition;
import io.millrace.protocol.message.FetchRequest.FetchTopic;
import io.millrace.protocol.message.FetchResponse;
import io.millrace.protocol.message.FetchResponse.FetchableTopicResponse;
import io.millrace.protocol.message.FetchResponse.PartitionData;
import io.millrace.protocol.record.BatchValidation;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.RecordBatchValidator;
import io.millrace.protocol.record.Records;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies from one leading broker all partitions that this broker follows there: one fetch for all
 * of them, then one hand-over to each append loop, then one flush, then the next fetch, which tells
 * the leader what is on disk. Whatever the leader takes in meanwhile comes with that next fetch, so
 * under load the fetches grow instead of becoming more.
 *
 * <p>A partition is not asked for while its data is being flushed. The others wait for it a moment,
 * to go together; a disk that takes longer holds up only its own partitions. What becomes ready
 * while a fetch waits at the leader for news goes with a second, brief one, again and again until
 * the first is back; then all go together as before. So no partition waits for the silence of
 * another.
 *
 * <p>Owned by its loop. {@link #add}, {@link #remove} and {@link #close} may be called from any
 * thread.
 */
@ConfinedTo("the fetcher's loop")
public final class ReplicaFetcher {

  private static final Logger LOG = LoggerFactory.getLogger(ReplicaFetcher.class);

  /**
   * A leader that stops or moves its partitions breaks a fetch or two before the metadata say so;
   * what goes on longer wants the operator's eyes.
   */
  private static final int WARN_AFTER_FAILURES = 3;

  /**
   * How long partitions that are ready wait for others: for their data to be flushed, and at the
   * leader in a brief fetch, which others are to join when it is back.
   */
  private static final int GRACE_MS = 20;

  private final int leaderId;
  private final EventLoop loop;
  private final LeaderEndpoint endpoint;
  private final FetcherConfig config;

  /**
   * In the order in which they are asked for; a partition that brought data goes to the end, so
   * that none starves.
   */
  private final LinkedHashMap<TopicPartitionId, FetchLane> lanes = new LinkedHashMap<>();

  private int inFlight;

  /** How many of those in flight are brief; nothing else is sent while there is one. */
  private int briefInFlight;

  private EventLoop.@Nullable Timer grace;
  private boolean graceOver;
  private boolean resting;
  private boolean closed;
  private int failures;

  /**
   * @param leaderId the broker behind the endpoint
   */
  public ReplicaFetcher(
      int leaderId, EventLoop loop, LeaderEndpoint endpoint, FetcherConfig config) {
    this.leaderId = leaderId;
    this.loop = loop;
    this.endpoint = endpoint;
    this.config = config;
  }

  /**
   * Begins to fetch for a partition, instead of an earlier target of the same partition. Any
   * thread.
   */
  public void add(FetchTarget target) {
    loop.execute(
        () -> {
          if (!closed) {
            FetchLane lane = new FetchLane(target);
            lanes.put(target.id(), lane);
            handOver(target.appendLoop(), List.of(() -> target.start(listenerFor(lane))));
          }
        });
  }

  /** Ends fetching for a partition, if it still is for this target. Any thread. */
  public void remove(FetchTarget target) {
    loop.execute(
        () -> {
          FetchLane lane = lanes.get(target.id());
          if (lane != null && lane.target == target) {
            lanes.remove(target.id());
            sendIfWorthwhile();
          }
        });
  }

  /** Ends all fetching and closes the endpoint. Any thread. */
  public void close() {
    try {
      loop.execute(
          () -> {
            closed = true;
            lanes.clear();
            endpoint.close();
          });
    } catch (RejectedExecutionException e) {
      endpoint.close();
    }
  }

  // ---- asking

  private void sendIfWorthwhile() {
    if (closed || resting || inFlight == 2 || briefInFlight > 0) {
      return;
    }
    boolean anyReady = false;
    boolean anyBusy = false;
    for (FetchLane lane : lanes.values()) {
      anyReady |= lane.state == FetchLane.State.READY;
      anyBusy |= lane.state == FetchLane.State.BUSY;
    }
    if (!anyReady) {
      return;
    }
    if (anyBusy && !graceOver) {
      startGrace();
      return;
    }
    endGrace();
    send(anyBusy || inFlight > 0);
  }

  private void startGrace() {
    if (grace == null) {
      grace =
          loop.schedule(
              () -> {
                grace = null;
                graceOver = true;
                sendIfWorthwhile();
              },
              TimeUnit.MILLISECONDS.toNanos(GRACE_MS));
    }
  }

  /** What was waited for is here or given up: the next wait begins anew. */
  private void endGrace() {
    graceOver = false;
    if (grace != null) {
      grace.cancel();
      grace = null;
    }
  }

  private void send(boolean brief) {
    List<FetchLane> asked = new ArrayList<>();
    Map<Uuid, List<FetchPartition>> byTopic = new LinkedHashMap<>();
    for (FetchLane lane : lanes.values()) {
      if (lane.state == FetchLane.State.READY) {
        lane.state = FetchLane.State.ASKED;
        asked.add(lane);
        byTopic
            .computeIfAbsent(lane.target.id().topicId(), id -> new ArrayList<>())
            .add(lane.toRequest(config.partitionMaxBytes()));
      }
    }
    List<FetchTopic> topics = new ArrayList<>(byTopic.size());
    byTopic.forEach(
        (id, partitions) ->
            topics.add(FetchTopic.builder().topicId(id).partitions(partitions).build()));
    FetchRequest request =
        FetchRequest.builder()
            .replicaState(
                new FetchRequest.ReplicaState(config.nodeId(), config.brokerEpoch().getAsLong()))
            .maxWaitMs(brief ? Math.min(GRACE_MS, config.maxWaitMs()) : config.maxWaitMs())
            .minBytes(config.minBytes())
            .maxBytes(config.responseMaxBytes())
            .topics(topics)
            .build();
    inFlight++;
    briefInFlight += brief ? 1 : 0;
    ask(request)
        .whenComplete(
            (response, failure) -> {
              try {
                loop.execute(() -> onEnd(asked, brief, response, failure));
              } catch (RejectedExecutionException e) {
                if (response != null) {
                  response.release();
                }
              }
            });
  }

  private CompletableFuture<FetchResponse> ask(FetchRequest request) {
    try {
      return endpoint.fetch(request);
    } catch (RuntimeException | Error e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  // ---- answers

  private void onEnd(
      List<FetchLane> asked,
      boolean brief,
      @Nullable FetchResponse response,
      @Nullable Throwable failure) {
    inFlight--;
    briefInFlight -= brief ? 1 : 0;
    try {
      onResponse(asked, response, failure);
    } catch (RuntimeException | Error e) {
      restAll(asked, e.toString()); // whatever it is: who is not asked for again stays behind
      throw e;
    }
  }

  private void onResponse(
      List<FetchLane> asked, @Nullable FetchResponse response, @Nullable Throwable failure) {
    if (closed) {
      if (response != null) {
        response.release();
      }
      return;
    }
    if (response == null || response.errorCode() != ErrorCode.NONE.code()) {
      Object why = response == null ? unwrapped(failure) : ErrorCode.forCode(response.errorCode());
      if (response != null) {
        response.release();
      }
      restAll(asked, String.valueOf(why));
      return;
    }
    if (failures > 0) {
      failures = 0;
      LOG.info("fetching again leader={}", leaderId);
    }
    Map<TopicPartitionId, FetchLane> awaited = new HashMap<>();
    Map<Uuid, Map<Integer, FetchLane>> byTopic = new HashMap<>();
    for (FetchLane lane : asked) {
      awaited.put(lane.target.id(), lane);
      byTopic
          .computeIfAbsent(lane.target.id().topicId(), id -> new HashMap<>())
          .put(lane.target.id().partition(), lane);
    }
    Map<EventLoop, List<Runnable>> work = new HashMap<>();
    try {
      for (FetchableTopicResponse topic : response.responses()) {
        Map<Integer, FetchLane> partitions = byTopic.getOrDefault(topic.topicId(), Map.of());
        for (PartitionData data : topic.partitions()) {
          FetchLane lane = partitions.get(data.partitionIndex());
          if (lane == null
              || lanes.get(lane.target.id()) != lane
              || awaited.remove(lane.target.id()) == null) {
            release(data.records()); // removed meanwhile, or not asked for
          } else {
            onPartition(lane, data, work);
          }
        }
      }
    } finally {
      work.forEach((appendLoop, tasks) -> handOver(appendLoop, tasks));
    }
    awaited
        .values()
        .forEach(lane -> lane.state = FetchLane.State.READY); // passed over by the leader
    sendIfWorthwhile();
  }

  /** The tasks hold records and the lanes wait for their answers, so each of them must run. */
  private void handOver(EventLoop appendLoop, List<Runnable> tasks) {
    try {
      appendLoop.execute(() -> runEach(tasks));
    } catch (RejectedExecutionException full) {
      loop.schedule(() -> handOver(appendLoop, tasks), backoffNanos());
    }
  }

  private static void runEach(List<Runnable> tasks) {
    Throwable failure = null;
    for (Runnable task : tasks) {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        failure = e; // of one partition; the others must not wait for it
      }
    }
    if (failure instanceof Error error) {
      throw error;
    } else if (failure instanceof RuntimeException exception) {
      throw exception;
    }
  }

  private void onPartition(
      FetchLane lane, PartitionData data, Map<EventLoop, List<Runnable>> work) {
    FetchedData fetched = null;
    ErrorCode error = ErrorCode.forCode(data.errorCode());
    if (error == ErrorCode.NONE) {
      fetched = fetchedOf(lane, data);
    } else {
      release(data.records());
      if (error == ErrorCode.OFFSET_OUT_OF_RANGE && data.logStartOffset() >= 0) {
        fetched =
            new FetchedData(
                lane.position, MemoryRecords.EMPTY, -1, data.logStartOffset(), null, true);
      }
    }
    if (fetched == null) {
      // Errors of leadership end with the next image; the others may pass.
      LOG.debug("refused by leader={} partition={} error={}", leaderId, lane.target.id(), error);
      rest(lane);
    } else if (bringsNothing(lane, fetched)) {
      lane.state = FetchLane.State.READY;
    } else {
      lane.state = FetchLane.State.BUSY;
      lanes.remove(lane.target.id());
      lanes.put(lane.target.id(), lane);
      FetchedData taken = fetched;
      FetchTarget.Listener listener = listenerFor(lane);
      work.computeIfAbsent(lane.target.appendLoop(), l -> new ArrayList<>())
          .add(() -> lane.target.take(taken, listener));
    }
  }

  /** Null when the data must not be used. */
  private @Nullable FetchedData fetchedOf(FetchLane lane, PartitionData data) {
    EpochEnd diverging =
        data.divergingEpoch().epoch() >= 0
            ? new EpochEnd(data.divergingEpoch().epoch(), data.divergingEpoch().endOffset())
            : null;
    Records records = data.records() == null ? MemoryRecords.EMPTY : data.records();
    if (diverging != null || !(records instanceof MemoryRecords memory)) {
      release(records);
      return diverging == null
          ? null
          : new FetchedData(lane.position, MemoryRecords.EMPTY, -1, -1, diverging, false);
    }
    String problem = problemWith(memory);
    if (problem != null) {
      LOG.warn(
          "records of the leader are damaged leader={} partition={} offset={} problem={}",
          leaderId,
          lane.target.id(),
          lane.position.fetchOffset(),
          problem);
      memory.release();
      return null;
    }
    return new FetchedData(
        lane.position, memory, data.highWatermark(), data.logStartOffset(), null, false);
  }

  private static @Nullable String problemWith(MemoryRecords records) {
    return records.sizeInBytes() > 0
            && RecordBatchValidator.validateReplicated(records)
                instanceof BatchValidation.Invalid invalid
        ? invalid.toString()
        : null;
  }

  private static boolean bringsNothing(FetchLane lane, FetchedData data) {
    boolean nothing =
        data.diverging() == null
            && !data.outOfRange()
            && data.records().sizeInBytes() == 0
            && data.highWatermark() <= lane.position.highWatermark()
            && data.logStartOffset() <= lane.position.logStartOffset();
    if (nothing) {
      data.records().release();
    }
    return nothing;
  }

  private static void release(@Nullable Records records) {
    if (records != null) {
      records.release();
    }
  }

  // ---- the append loops' answers, and rest after errors

  private FetchTarget.Listener listenerFor(FetchLane lane) {
    return new FetchTarget.Listener() {
      @Override
      public void onPosition(FetchPosition position) {
        onLoop(
            () -> {
              lane.position = position;
              lane.state = FetchLane.State.READY;
            });
      }

      @Override
      public void onRefused(String reason) {
        onLoop(
            () -> {
              LOG.warn("fetched data refused partition={} because={}", lane.target.id(), reason);
              // The log knows best where it ends.
              lane.state = FetchLane.State.BUSY;
              loop.schedule(
                  () -> handOver(lane.target.appendLoop(), List.of(() -> lane.target.start(this))),
                  backoffNanos());
            });
      }

      private void onLoop(Runnable change) {
        try {
          loop.execute(
              () -> {
                if (lanes.get(lane.target.id()) == lane) {
                  change.run();
                  sendIfWorthwhile();
                }
              });
        } catch (RejectedExecutionException e) {
          LOG.debug("fetcher closed leader={}", leaderId);
        }
      }
    };
  }

  private void rest(FetchLane lane) {
    lane.state = FetchLane.State.RESTING;
    loop.schedule(
        () -> {
          if (lane.state == FetchLane.State.RESTING) {
            lane.state = FetchLane.State.READY;
            sendIfWorthwhile();
          }
        },
        backoffNanos());
  }

  private static @Nullable Throwable unwrapped(@Nullable Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  private void restAll(List<FetchLane> asked, String why) {
    failures++;
    if (failures == 1) {
      LOG.info("fetch failed, trying again leader={} because={}", leaderId, why);
    } else if (failures == WARN_AFTER_FAILURES) {
      LOG.warn(
          "fetches keep failing, trying on leader={} partitions={} because={}",
          leaderId,
          asked.size(),
          why);
    }
    for (FetchLane lane : asked) {
      if (lane.state == FetchLane.State.ASKED) {
        lane.state = FetchLane.State.READY;
      }
    }
    resting = true;
    loop.schedule(
        () -> {
          resting = false;
          sendIfWorthwhile();
        },
        backoffNanos());
  }

  private long backoffNanos() {
    return TimeUnit.MILLISECONDS.toNanos(config.backoffMs());
  }
}
