package io.millrace.metadata.controller;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.metadata.controller.Operation.Decided;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.kv.MetadataLog;
import io.millrace.metadata.kv.NotLeaderException;
import io.millrace.metadata.kv.proto.Compare;
import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.KvResult;
import io.millrace.metadata.kv.proto.Op;
import io.millrace.metadata.kv.proto.Put;
import io.millrace.metadata.kv.proto.Txn;
import io.millrace.metadata.record.ImageReplay;
import io.millrace.metadata.record.MetadataChange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the controller's decisions: what waits is decided one after the other, each over the
 * effect of those before, and written as one transaction. One transaction is in flight at a time;
 * what arrives meanwhile gathers for the next.
 *
 * <p>A transaction names the term, and the last transaction it knows of ({@link #GUARD_KEY}): it
 * takes effect only on exactly the state it was decided over. One whose answer got lost can thus
 * not slip in later between others: either it was first, and the next finds the guard moved and is
 * decided again, or it comes too late and does nothing.
 */
@ConfinedTo("the controller loop")
final class BatchWriter {

  /** Written by every transaction; its modification revision names the last one. */
  static final String GUARD_KEY = "/controller/guard";

  /**
   * A transaction is closed once it has so many changes: about a third of what a command may carry.
   */
  private static final int ENOUGH_CHANGES = 10_000;

  private static final int MAX_ATTEMPTS = 8;
  private static final Logger LOG = LoggerFactory.getLogger(BatchWriter.class);

  private final MetadataLog log;
  private final EventLoop loop;
  private final int maxPending;
  private final Runnable onDeposed;
  private final Deque<Operation<?>> pending = new ArrayDeque<>();

  private MetadataImage image = MetadataImage.EMPTY;
  private long guardRevision;
  private long term = -1;
  private @Nullable Batch inFlight;

  /**
   * @param onDeposed called on the loop when a write shows that the term is over
   */
  BatchWriter(MetadataLog log, EventLoop loop, int maxPending, Runnable onDeposed) {
    this.log = log;
    this.loop = loop;
    this.maxPending = maxPending;
    this.onDeposed = onDeposed;
  }

  void activate(long newTerm) {
    term = newTerm;
  }

  /** Stops writing; everything that waits for an answer fails. */
  void deactivate(Throwable cause) {
    term = -1;
    Batch lost = inFlight;
    inFlight = null;
    if (lost != null) {
      lost.decided.forEach(one -> one.operation().fail(cause));
    }
    List<Operation<?>> waiting = new ArrayList<>(pending);
    pending.clear();
    waiting.forEach(operation -> operation.fail(cause));
  }

  /** The state moved; the guard key's revision is 0 while nobody wrote it. */
  void onImage(MetadataImage newImage, long newGuardRevision) {
    image = newImage;
    guardRevision = newGuardRevision;
    Batch batch = inFlight;
    if (batch != null && batch.waitForRevision >= 0 && image.revision() >= batch.waitForRevision) {
      settle(batch);
    }
    pump();
  }

  /** Queues an operation; false when too many wait. */
  boolean submit(Operation<?> operation) {
    assert loop.owns("submit");
    if (pending.size() >= maxPending) {
      return false;
    }
    pending.add(operation);
    pump();
    return true;
  }

  private void pump() {
    while (term >= 0 && inFlight == null && !pending.isEmpty()) {
      Batch batch = gather();
      if (batch.changes.isEmpty()) {
        batch.decided.forEach(one -> one.committed(image.revision()));
      } else {
        inFlight = batch;
        propose(batch);
      }
    }
  }

  private Batch gather() {
    Batch batch = new Batch();
    MetadataImage working = image;
    long revision = image.revision() + 1;
    while (!pending.isEmpty() && batch.changes.size() < ENOUGH_CHANGES) {
      Operation<?> operation = pending.remove();
      try {
        Decided<?> decided = operation.decide(working);
        List<MetadataChange> changes = decided.decision().changes();
        if (!changes.isEmpty()) {
          ImageReplay replay = ImageReplay.after(working);
          changes.forEach(change -> replay.apply(change, revision));
          working = replay.finish(revision, term).image();
          // The last change of a key wins, in the place of the last: a record must not come before
          // what it belongs to.
          for (MetadataChange change : changes) {
            String key = change.key().text();
            batch.changes.remove(key);
            batch.changes.put(key, change);
          }
        }
        batch.decided.add(decided);
      } catch (RuntimeException bug) {
        LOG.error("Decision failed, operation={}", operation.name(), bug);
        operation.fail(bug);
      }
    }
    return batch;
  }

  private void propose(Batch batch) {
    Txn.Builder txn =
        Txn.newBuilder()
            .addCompares(
                Compare.newBuilder()
                    .setKey(GUARD_KEY)
                    .setTarget(Compare.Target.MOD_REVISION)
                    .setRelation(Compare.Relation.EQUAL)
                    .setNumber(guardRevision))
            .addSuccess(Op.newBuilder().setPut(Put.newBuilder().setKey(GUARD_KEY)));
    batch.changes.values().forEach(change -> txn.addSuccess(change.toOp()));
    KvCommand command = KvCommand.newBuilder().setTerm(term).setTxn(txn).build();
    log.propose(command)
        .whenComplete((result, error) -> loop.execute(() -> answered(batch, result, error)));
  }

  private void answered(Batch batch, @Nullable KvResult result, @Nullable Throwable error) {
    if (batch != inFlight) {
      return; // deposed meanwhile; its operations have failed already
    }
    if (result == null) {
      failed(
          batch,
          error instanceof CompletionException && error.getCause() != null
              ? error.getCause()
              : error);
      return;
    }
    switch (result.getStatus()) {
      case OK, COMPARE_FAILED -> {
        batch.result = result;
        batch.waitForRevision = result.getRevision();
        if (image.revision() >= batch.waitForRevision) {
          settle(batch);
          pump();
        }
      }
      case FENCED -> onDeposed.run();
      default -> {
        LOG.error(
            "Metadata write refused, status={} reason={} changes={}",
            result.getStatus(),
            result.getReason(),
            batch.changes.size());
        abandon(batch, new IllegalStateException("metadata write refused: " + result.getReason()));
      }
    }
  }

  private void settle(Batch batch) {
    inFlight = null;
    KvResult result = batch.result;
    if (result == null) {
      throw new IllegalStateException("a batch settles after its answer");
    }
    if (result.getStatus() == KvResult.Status.OK) {
      batch.decided.forEach(one -> one.committed(result.getRevision()));
      return;
    }
    LOG.info(
        "Metadata moved under a write, deciding again, operations={} revision={}",
        batch.decided.size(),
        image.revision());
    retry(batch);
  }

  private void failed(Batch batch, @Nullable Throwable cause) {
    boolean leads = log.isLeader() && log.status().term() == term;
    if (cause instanceof NotLeaderException && !leads) {
      onDeposed.run();
      return;
    }
    // The write may or may not take effect; the guard sees to it that what comes next knows.
    if (leads) {
      LOG.warn(
          "Metadata write without an answer, operations={} cause={}",
          batch.decided.size(),
          String.valueOf(cause));
    } else {
      // Stepping down cuts writes off; the next controller decides them again.
      LOG.info(
          "Metadata write cut off by the end of the term, operations={}", batch.decided.size());
    }
    abandon(
        batch,
        new ControllerUnavailableException("metadata write without an answer: " + cause, -1));
  }

  private void abandon(Batch batch, RuntimeException cause) {
    inFlight = null;
    batch.decided.forEach(one -> one.operation().fail(cause));
    pump();
  }

  private void retry(Batch batch) {
    for (int i = batch.decided.size() - 1; i >= 0; i--) {
      Operation<?> operation = batch.decided.get(i).operation();
      if (operation.countAttempt() < MAX_ATTEMPTS) {
        pending.addFirst(operation);
      } else {
        operation.fail(
            new ControllerUnavailableException("decided " + MAX_ATTEMPTS + " times in vain", -1));
      }
    }
  }

  private static final class Batch {
    final Map<String, MetadataChange> changes = new LinkedHashMap<>();
    final List<Decided<?>> decided = new ArrayList<>();
    @Nullable KvResult result;
    long waitForRevision = -1;
  }
}
