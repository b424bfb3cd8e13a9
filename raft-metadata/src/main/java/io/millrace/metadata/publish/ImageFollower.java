package io.millrace.metadata.publish;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.concurrent.SingleWriter;
import io.millrace.metadata.image.ImageListener;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.kv.proto.KvDelta;
import io.millrace.metadata.network.VoterConnection;
import io.millrace.metadata.network.proto.SnapshotChunk;
import io.millrace.metadata.network.proto.WatchEvent;
import io.millrace.metadata.record.ImageReplay;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the metadata from one voter at a time. A voter that is silent, gone, or behind what is
 * known here is left for the next one. The image never goes back: what is not newer by revision, or
 * comes from an older term, is dropped.
 *
 * <p>Runs on the client's loop; the image may be read from any thread.
 */
@SingleWriter
final class ImageFollower {

  private static final Logger LOG = LoggerFactory.getLogger(ImageFollower.class);
  private static final long SILENCE_NANOS = 2_000_000_000L;
  private static final long CHECK_NANOS = 250_000_000L;

  private final VoterConnections connections;
  private final EventLoop loop;
  private final Clock clock;
  private final List<ImageListener> listeners = new ArrayList<>();
  private final List<Waiter> waiters = new ArrayList<>();
  private volatile MetadataImage image = MetadataImage.EMPTY;
  private volatile int leaderHint = -1;

  private boolean closed;
  private int nextVoter;
  private long watchNumber;
  private @Nullable VoterConnection watched;
  private boolean connecting;
  private boolean seenAny;
  private long lastEvent;
  private @Nullable ImageReplay snapshot;

  ImageFollower(VoterConnections connections, EventLoop loop, Clock clock) {
    this.connections = connections;
    this.loop = loop;
    this.clock = clock;
  }

  MetadataImage image() {
    return image;
  }

  /** The leader as the watched voter knows it, or -1. */
  int leaderHint() {
    return leaderHint;
  }

  void start() {
    check();
  }

  void close() {
    closed = true;
  }

  void addListener(ImageListener listener) {
    listeners.add(listener);
    if (seenAny) {
      // A whole state replayed over nothing is the difference from nothing.
      tell(listener, Images.fromNothing(image));
    }
  }

  void removeListener(ImageListener listener) {
    listeners.remove(listener);
  }

  /** Completes on the loop when the image has reached the revision, or at the deadline. */
  CompletableFuture<Void> reached(long revision, long deadline) {
    if (image.revision() >= revision) {
      return CompletableFuture.completedFuture(null);
    }
    Waiter waiter = new Waiter(revision, deadline, new CompletableFuture<>());
    waiters.add(waiter);
    return waiter.reached;
  }

  private void check() {
    if (closed) {
      return;
    }
    long now = clock.monotonicNanos();
    if (watched != null && (!watched.isOpen() || now - lastEvent > SILENCE_NANOS)) {
      LOG.info(
          "Metadata source lost, voter={} open={} silentMs={}",
          watched.voter(),
          watched.isOpen(),
          (now - lastEvent) / 1_000_000);
      leave();
    }
    if (watched == null && !connecting) {
      connect();
    }
    completeWaiters(now);
    loop.schedule(this::check, CHECK_NANOS);
  }

  /** A connection broke: do not wait for the next check. */
  void connectionBroken(int nodeId) {
    if (!closed && watched != null && watched.voter().nodeId() == nodeId) {
      LOG.info("Metadata source lost, voter={}", watched.voter());
      watched = null;
      watchNumber++;
      connect();
    }
  }

  private void leave() {
    if (watched != null) {
      watched.close();
      watched = null;
      watchNumber++;
    }
  }

  private void connect() {
    int nodeId = connections.voters().get(nextVoter++ % connections.voters().size()).nodeId();
    connecting = true;
    long number = ++watchNumber;
    connections
        .to(nodeId)
        .whenComplete(
            (connection, error) ->
                loop.execute(
                    () -> {
                      connecting = false;
                      if (closed || number != watchNumber) {
                        return;
                      }
                      if (error != null) {
                        LOG.debug(
                            "Metadata source not reached, voter={} cause={}",
                            nodeId,
                            error.toString());
                        return; // the next check tries the next voter
                      }
                      watch(connection, number);
                    }));
  }

  private void watch(VoterConnection connection, long number) {
    watched = connection;
    lastEvent = clock.monotonicNanos();
    snapshot = null;
    connection.watch(
        seenAny ? image.revision() : -1,
        event -> {
          try {
            loop.execute(
                () -> {
                  if (number == watchNumber && !closed) {
                    onEvent(event);
                  }
                });
          } catch (RejectedExecutionException full) {
            connection.close(); // an event is missing now; a new watch brings it again
          }
        });
  }

  private void onEvent(WatchEvent event) {
    lastEvent = clock.monotonicNanos();
    switch (event.getKindCase()) {
      case DELTA -> onDelta(event.getDelta());
      case SNAPSHOT -> onSnapshot(event.getSnapshot());
      case TICK -> leaderHint = event.getTick().getLeaderId();
      case KIND_NOT_SET -> LOG.debug("Metadata event of an unknown kind, voter={}", watched);
    }
  }

  private void onDelta(KvDelta delta) {
    MetadataImage before = image;
    if (delta.getRevision() <= before.revision()) {
      return;
    }
    if (delta.getRevision() != before.revision() + 1 || delta.getTerm() < before.term()) {
      LOG.warn(
          "Metadata event out of order, revision={} term={} known={} knownTerm={}",
          delta.getRevision(),
          delta.getTerm(),
          before.revision(),
          before.term());
      leave();
      return;
    }
    publish(ImageReplay.step(before, delta));
  }

  private void onSnapshot(SnapshotChunk chunk) {
    MetadataImage before = image;
    if (chunk.getRevision() < before.revision() || chunk.getTerm() < before.term()) {
      LOG.info(
          "Metadata source is behind, revision={} known={}",
          chunk.getRevision(),
          before.revision());
      leave();
      return;
    }
    ImageReplay replay = snapshot == null ? ImageReplay.ofWholeState(before) : snapshot;
    snapshot = replay;
    chunk.getEntriesList().forEach(replay::put);
    if (chunk.getLast()) {
      snapshot = null;
      publish(replay.finish(chunk.getRevision(), chunk.getTerm()));
    }
  }

  private void publish(ImageReplay.Step step) {
    seenAny = true;
    image = step.image();
    for (ImageListener listener : List.copyOf(listeners)) {
      tell(listener, step);
    }
    completeWaiters(clock.monotonicNanos());
  }

  private static void tell(ImageListener listener, ImageReplay.Step step) {
    try {
      listener.onImage(step.delta(), step.image());
    } catch (RuntimeException bug) {
      LOG.error(
          "Image listener failed, listener={} revision={}", listener, step.image().revision(), bug);
    }
  }

  private void completeWaiters(long now) {
    List<Waiter> due = new ArrayList<>();
    for (Iterator<Waiter> all = waiters.iterator(); all.hasNext(); ) {
      Waiter waiter = all.next();
      if (image.revision() >= waiter.revision || now - waiter.deadline >= 0) {
        all.remove();
        due.add(waiter);
      }
    }
    due.forEach(waiter -> waiter.reached.complete(null));
  }

  private record Waiter(long revision, long deadline, CompletableFuture<Void> reached) {}
}
