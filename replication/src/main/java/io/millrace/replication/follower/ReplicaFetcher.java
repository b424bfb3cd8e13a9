package io.millrace.replication.follower;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.TopicPartitionId;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchRequest.FetchPartition;
import io.millrace.protocol.message.FetchRequest.FetchTopic;
import io.millrace.protocol.message.FetchResponse;
import io.millrace.protocol.message.FetchResponse.FetchableTopicResponse;
import io.millrace.protocol.message.FetchResponse.PartitionData;
import io.millrace.replication.follower.FetchLane.State;
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

  private final FetcherInbox inbox;
  private final FetchLanes lanes = new FetchLanes();
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
    this.inbox = new FetcherInbox(loop, this::sendIfWorthwhile);
  }

  /**
   * Begins to fetch for a partition, instead of an earlier target of the same partition. Any
   * thread.
   */
  public void add(FetchTarget target) {
    inbox.offer(
        () -> {
          FetchLane lane = new FetchLane(target);
          lanes.add(lane);
          handOver(target.appendLoop(), List.of(() -> target.start(listenerFor(lane))));
        });
  }

  /** Ends fetching for a partition, if it still is for this target. Any thread. */
  public void remove(FetchTarget target) {
    inbox.offer(() -> lanes.remove(target));
  }

  /** Ends all fetching and closes the endpoint. Any thread. */
  public void close() {
    if (!inbox.offer(this::end)) { // the loop is closed
      inbox.end();
      endpoint.close();
    }
  }

  private void end() {
    closed = true;
    lanes.clear();
    endpoint.close();
    inbox.end();
  }

  // ---- asking

  private void sendIfWorthwhile() {
    if (closed || resting || inFlight == 2 || briefInFlight > 0) {
      return;
    }
    if (!lanes.anyReady()) {
      return;
    }
    if (lanes.anyBusy() && !graceOver) {
      startGrace();
      return;
    }
    endGrace();
    send(lanes.anyBusy() || inFlight > 0);
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
    List<FetchLane> asked = lanes.askReady();
    inFlight++;
    briefInFlight += brief ? 1 : 0;
    ask(requestFor(asked, brief))
        .whenComplete(
            (response, failure) -> inbox.offer(new FetchEnd(asked, brief, response, failure)));
  }

  private FetchRequest requestFor(List<FetchLane> asked, boolean brief) {
    Map<Uuid, List<FetchPartition>> byTopic = new LinkedHashMap<>();
    for (FetchLane lane : asked) {
      byTopic
          .computeIfAbsent(lane.target.id().topicId(), id -> new ArrayList<>())
          .add(lane.toRequest(config.partitionMaxBytes()));
    }
    List<FetchTopic> topics = new ArrayList<>(byTopic.size());
    byTopic.forEach(
        (id, partitions) ->
            topics.add(FetchTopic.builder().topicId(id).partitions(partitions).build()));
    return FetchRequest.builder()
        .replicaState(
            new FetchRequest.ReplicaState(config.nodeId(), config.brokerEpoch().getAsLong()))
        .maxWaitMs(brief ? Math.min(GRACE_MS, config.maxWaitMs()) : config.maxWaitMs())
        .minBytes(config.minBytes())
        .maxBytes(config.responseMaxBytes())
        .topics(topics)
        .build();
  }

  private CompletableFuture<FetchResponse> ask(FetchRequest request) {
    try {
      return endpoint.fetch(request);
    } catch (RuntimeException | Error e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  // ---- answers

  /** What became of a fetch. */
  private final class FetchEnd implements FetcherInbox.Message {
    private final List<FetchLane> asked;
    private final boolean brief;
    private final @Nullable FetchResponse response;
    private final @Nullable Throwable failure;

    FetchEnd(
        List<FetchLane> asked,
        boolean brief,
        @Nullable FetchResponse response,
        @Nullable Throwable failure) {
      this.asked = asked;
      this.brief = brief;
      this.response = response;
      this.failure = failure;
    }

    @Override
    public void take() {
      inFlight--;
      briefInFlight -= brief ? 1 : 0;
      try {
        if (response == null || response.errorCode() != ErrorCode.NONE.code()) {
          restAll(asked, String.valueOf(why()));
          drop();
        } else {
          onResponse(asked, response);
        }
      } catch (RuntimeException | Error e) {
        restAll(asked, e.toString()); // whatever it is: who is not asked for again stays behind
        throw e;
      }
    }

    private @Nullable Object why() {
      return response == null ? unwrapped(failure) : ErrorCode.forCode(response.errorCode());
    }

    @Override
    public void drop() {
      if (response != null) {
        response.release();
      }
    }
  }

  private void onResponse(List<FetchLane> asked, FetchResponse response) {
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
          if (lane == null || !lane.isHere || awaited.remove(lane.target.id()) == null) {
            FetchAnswer.release(data.records()); // removed meanwhile, or not asked for
          } else {
            onPartition(lane, data, work);
          }
        }
      }
    } finally {
      work.forEach((appendLoop, tasks) -> handOver(appendLoop, tasks));
    }
    awaited.values().forEach(lane -> lanes.become(lane, State.READY)); // passed over by the leader
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
    FetchedData fetched = FetchAnswer.read(leaderId, lane.target.id(), lane.position, data);
    if (fetched == null) {
      rest(lane);
    } else if (fetched.isNoNews()) {
      fetched.records().release();
      lanes.become(lane, State.READY);
    } else {
      lanes.become(lane, State.BUSY);
      lanes.moveToTheEnd(lane);
      FetchTarget.Listener listener = listenerFor(lane);
      work.computeIfAbsent(lane.target.appendLoop(), l -> new ArrayList<>())
          .add(() -> lane.target.take(fetched, listener));
    }
  }

  // ---- the append loops' answers, and rest after errors

  private FetchTarget.Listener listenerFor(FetchLane lane) {
    return new FetchTarget.Listener() {
      @Override
      public void onPosition(FetchPosition position) {
        inbox.offer(
            () -> {
              lane.position = position;
              lanes.become(lane, State.READY);
            });
      }

      @Override
      public void onRefused(String reason) {
        inbox.offer(
            () -> {
              if (lane.isHere) {
                LOG.warn("fetched data refused partition={} because={}", lane.target.id(), reason);
                // The log knows best where it ends.
                lanes.become(lane, State.BUSY);
                loop.schedule(
                    () ->
                        handOver(lane.target.appendLoop(), List.of(() -> lane.target.start(this))),
                    backoffNanos());
              }
            });
      }
    };
  }

  private void rest(FetchLane lane) {
    lanes.become(lane, State.RESTING);
    loop.schedule(
        () -> {
          if (lane.state == State.RESTING) {
            lanes.become(lane, State.READY);
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
      if (lane.state == State.ASKED) {
        lanes.become(lane, State.READY);
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
