package io.millrace.client.producer;

import io.millrace.client.MillraceException;
import io.millrace.client.TopicPartition;
import io.millrace.client.producer.ProducerIdentity.Identity;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.Compression;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The batches of one partition in their order: those that wait, the last of which may still be
 * open, and those that are in flight.
 *
 * <p>After a failed attempt the lane recovers: nothing more is sent until all answers are in, then
 * the failed batches go again one at a time. So a repeat never overtakes an earlier batch, and a
 * broker sees sequences in order.
 *
 * <p>Invariant (idempotent): numbered batches, waiting and in flight, have consecutive sequences.
 */
@ConfinedTo("the producer's loop")
final class PartitionLane {

  private static final Logger LOG = LoggerFactory.getLogger(PartitionLane.class);

  /**
   * How the chain of sequences goes on after a batch that ended without success; the stronger wins.
   */
  private enum ChainBreak {
    NONE,
    /** None of the batches behind can be in the log: they are numbered anew. */
    RENUMBER,
    /**
     * One that ended may be in the log, so those behind may be too: who might be is not sent a
     * second time.
     */
    DROP_DOUBTFUL
  }

  private final TopicPartition partition;
  private final BatchRules rules;
  private final MemoryBudget budget;
  private final Deque<ProducerBatch> waiting = new ArrayDeque<>();
  private final List<ProducerBatch> inFlight = new ArrayList<>();
  private final SequenceChain chain = new SequenceChain();
  private ChainBreak chainBreak = ChainBreak.NONE;
  private boolean recovering;
  private double ratio = 1.0;

  /**
   * What all lanes of a producer have in common.
   *
   * @param maxInFlight batches of one partition
   */
  record BatchRules(
      boolean idempotent,
      Compression compression,
      int batchSize,
      long lingerNanos,
      long deliveryNanos,
      int maxInFlight) {}

  PartitionLane(TopicPartition partition, BatchRules rules, MemoryBudget budget) {
    this.partition = partition;
    this.rules = rules;
    this.budget = budget;
  }

  TopicPartition partition() {
    return partition;
  }

  /** Nothing waits and nothing is in flight. */
  boolean isIdle() {
    return waiting.isEmpty() && inFlight.isEmpty();
  }

  /**
   * Adds a record behind all others.
   *
   * @return whether a batch is full now
   */
  boolean append(PendingRecord record) {
    ProducerBatch last = waiting.peekLast();
    if (last != null && last.tryAppend(record)) {
      return last.isFull();
    }
    if (last != null) {
      seal(last);
    }
    ProducerBatch fresh =
        new ProducerBatch(
            partition, rules.compression(), ratio, rules.batchSize(), record.handedOverNanos);
    fresh.tryAppend(record);
    waiting.add(fresh);
    return last != null || fresh.isFull();
  }

  /**
   * Takes the last batch's learnt ratio over slowly, so that one odd batch does not overfill the
   * next.
   */
  private void seal(ProducerBatch batch) {
    double measured = batch.seal();
    if (measured > 0) {
      ratio = Math.min(1.0, Math.max(measured * 1.05, ratio * 0.9));
    }
  }

  /**
   * When the next batch may be sent, for what is known now: a time in the past means now.
   *
   * @param hurry whether lingering has no sense: a flush, a close, or senders who wait for memory
   * @return {@link Long#MAX_VALUE} when an answer must come first, or there is nothing
   */
  long readyAtNanos(boolean hurry) {
    ProducerBatch head = waiting.peekFirst();
    if (head == null || isHeldBack()) {
      return Long.MAX_VALUE;
    }
    if (head.attempts() > 0 || head.isNumbered()) {
      return head.notBeforeNanos();
    }
    boolean isComplete = waiting.size() > 1 || head.isFull() || hurry;
    return isComplete ? head.createdNanos() : head.createdNanos() + rules.lingerNanos();
  }

  private boolean isHeldBack() {
    return (recovering || chainBreak != ChainBreak.NONE)
        ? !inFlight.isEmpty()
        : inFlight.size() >= rules.maxInFlight();
  }

  /** Whether a producer id must be had before anything is sent. */
  boolean needsIdentity() {
    return rules.idempotent() && !chain.hasIdentity();
  }

  void begin(Identity identity) {
    chain.begin(identity);
  }

  /**
   * Takes the next batch, sealed and numbered, which is in flight from now on. Call only when
   * ready.
   */
  @Nullable ProducerBatch take() {
    mendChain();
    ProducerBatch head = waiting.pollFirst();
    if (head == null) {
      return null;
    }
    if (recovering && head.attempts() == 0 && !head.isNumbered()) {
      recovering = false; // all that failed has ended
    }
    seal(head);
    if (rules.idempotent()) {
      if (!chain.hasIdentity()) {
        waiting.addFirst(head);
        return null;
      }
      chain.number(head);
    }
    head.countAttempt();
    inFlight.add(head);
    return head;
  }

  /** The broker has it. */
  void succeeded(ProducerBatch batch, long baseOffset, long appendTime) {
    inFlight.remove(batch);
    batch.succeed(baseOffset, appendTime, budget);
  }

  /**
   * An attempt failed.
   *
   * @return the identity that is of no more use, or null
   */
  @Nullable Identity failed(
      ProducerBatch batch, ErrorCode error, String reason, long nowNanos, long backoffNanos) {
    inFlight.remove(batch);
    SendVerdict verdict = SendVerdict.of(error, rules.idempotent(), batch.recordCount());
    if (verdict == SendVerdict.OUT_OF_SEQUENCE && isHead(batch)) {
      LOG.info(
          "sequence begins anew partition={} error={} sequence={}",
          partition,
          error,
          batch.baseSequence());
      breakChain(ChainBreak.RENUMBER);
    }
    boolean isOver = batch.hasEnded() || isExpired(batch, nowNanos + backoffNanos);
    switch (verdict) {
      case SUCCEED, SUCCEED_WITHOUT_OFFSET -> batch.succeed(-1, -1, budget);
      case RETRY, OUT_OF_SEQUENCE -> {
        if (isOver) {
          endBadly(batch, error, reason);
        } else {
          batch.retryAt(nowNanos + backoffNanos);
          putBack(List.of(batch));
        }
      }
      case SPLIT -> {
        if (isOver) {
          endBadly(batch, error, reason);
        } else {
          LOG.debug("batch split partition={} records={}", partition, batch.recordCount());
          putBack(batch.split());
        }
      }
      case FAIL -> endBadly(batch, error, reason);
      case FAIL_AND_RENEW_ID -> {
        Identity useless = chain.identity();
        endBadly(batch, error, reason);
        chain.forget();
        return useless;
      }
    }
    return null;
  }

  private boolean isHead(ProducerBatch batch) {
    for (ProducerBatch other : inFlight) {
      if (isBefore(other, batch)) {
        return false;
      }
    }
    ProducerBatch head = waiting.peekFirst();
    return head == null || !head.isNumbered() || !isBefore(head, batch);
  }

  /** In the order of sequences, which wrap. */
  private static boolean isBefore(ProducerBatch one, ProducerBatch other) {
    return one.isNumbered() && other.isNumbered() && one.baseSequence() - other.baseSequence() < 0;
  }

  private void putBack(List<ProducerBatch> batches) {
    recovering = true;
    List<ProducerBatch> again = new ArrayList<>(batches);
    while (!waiting.isEmpty() && waiting.getFirst().attempts() > 0) {
      again.add(waiting.removeFirst());
    }
    if (rules.idempotent()) {
      again.sort((one, other) -> Integer.compare(one.baseSequence() - other.baseSequence(), 0));
    } else {
      again.sort(Comparator.comparingLong(ProducerBatch::createdNanos));
    }
    for (int i = again.size() - 1; i >= 0; i--) {
      waiting.addFirst(again.get(i));
    }
  }

  /**
   * Fails what is older than the delivery timeout; batches in flight too, though their answer is
   * still awaited.
   */
  void expire(long nowNanos) {
    for (ProducerBatch batch : inFlight) {
      if (isExpired(batch, nowNanos)) {
        batch.noteUnknownOutcome();
        batch.fail(expiry(batch), budget);
      }
    }
    while (!waiting.isEmpty() && isExpired(waiting.getFirst(), nowNanos)) {
      ProducerBatch batch = waiting.removeFirst();
      noteEnd(batch);
      batch.fail(expiry(batch), budget);
    }
  }

  /** When {@link #expire} has something to do; {@link Long#MAX_VALUE} when nothing is here. */
  long expiresAtNanos() {
    long earliest = Long.MAX_VALUE;
    for (ProducerBatch batch : inFlight) {
      if (!batch.hasEnded()) {
        earliest = Math.min(earliest, batch.createdNanos() + rules.deliveryNanos());
      }
    }
    ProducerBatch head = waiting.peekFirst();
    return head == null
        ? earliest
        : Math.min(earliest, head.createdNanos() + rules.deliveryNanos());
  }

  private boolean isExpired(ProducerBatch batch, long nowNanos) {
    return nowNanos - batch.createdNanos() - rules.deliveryNanos() >= 0;
  }

  private MillraceException expiry(ProducerBatch batch) {
    return new MillraceException(
        ErrorCode.REQUEST_TIMED_OUT,
        batch.recordCount()
            + " records for "
            + partition
            + " were not acknowledged within delivery.timeout.ms="
            + rules.deliveryNanos() / 1_000_000
            + ", attempts="
            + batch.attempts()
            + (batch.attempts() == 0 ? ": never sent, perhaps for want of a leader" : ""));
  }

  private void endBadly(ProducerBatch batch, ErrorCode error, String reason) {
    noteEnd(batch);
    batch.fail(
        new MillraceException(
            error,
            "sending "
                + batch.recordCount()
                + " records to "
                + partition
                + " failed after "
                + batch.attempts()
                + " attempts: "
                + reason),
        budget);
  }

  private void noteEnd(ProducerBatch batch) {
    if (batch.isNumbered()) {
      breakChain(batch.mayBeWritten() ? ChainBreak.DROP_DOUBTFUL : ChainBreak.RENUMBER);
    }
  }

  private void breakChain(ChainBreak how) {
    if (how.compareTo(chainBreak) > 0) {
      chainBreak = how;
    }
  }

  /** Begins the chain again once nothing numbered by the old one is in flight. */
  private void mendChain() {
    if (chainBreak == ChainBreak.NONE || !inFlight.isEmpty()) {
      return;
    }
    boolean dropDoubtful = chainBreak == ChainBreak.DROP_DOUBTFUL;
    chainBreak = ChainBreak.NONE;
    chain.beginAgain();
    for (ProducerBatch batch : List.copyOf(waiting)) {
      if (batch.isNumbered() && dropDoubtful && batch.mayBeWritten()) {
        waiting.remove(batch);
        batch.fail(
            new MillraceException(
                ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
                "an earlier batch of "
                    + partition
                    + " failed and nobody can tell whether these "
                    + batch.recordCount()
                    + " records were written; sending them again might write them twice"),
            budget);
      } else if (batch.isNumbered()) {
        batch.loseNumber();
      }
    }
  }

  /** What has not ended, for a flush. */
  List<ProducerBatch> unfinished() {
    List<ProducerBatch> all = new ArrayList<>(inFlight);
    all.addAll(waiting);
    return all;
  }

  /** The producer goes down: fails everything. */
  void failAll(MillraceException reason) {
    for (ProducerBatch batch : unfinished()) {
      batch.fail(reason, budget);
    }
    waiting.clear();
    inFlight.clear();
  }
}
