package io.millrace.client.consumer;

import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicPartition;
import io.millrace.concurrent.ConfinedTo;
import org.jspecify.annotations.Nullable;

/**
 * A partition as the fetching loop sees it.
 *
 * <pre>
 *   COMMITTED ---> ASKED_GROUP ---> LOOKUP or FETCHING       (in a group)
 *   LOOKUP ---> LOOKING_UP ---> FETCHING <---> VALIDATING
 *      ^____________|________________|______________|        (lost position, failure that may pass)
 *   any ---> SUSPENDED ---> the state before                 (failure; the reader asks for another try)
 * </pre>
 */
@ConfinedTo("the consumer's loop")
final class FetchTarget {

  enum State {
    /** The group must be asked where it stands. */
    COMMITTED,
    /** The group was asked where it stands. */
    ASKED_GROUP,
    /** The position must be looked up. */
    LOOKUP,
    /** A leader was asked for the position. */
    LOOKING_UP,
    /** There is a position; fetches go out. */
    FETCHING,
    /** There is a new leader, which was asked whether it has what the last one had. */
    VALIDATING,
    /** The reader has been told of a failure. */
    SUSPENDED
  }

  final TopicPartition partition;
  final long generation;
  State state;
  State afterSuspension;
  @Nullable OffsetSpec lookup;
  long offset;
  int lastEpoch = -1;
  int leaderEpoch = -1;
  int readReplica = -1;
  boolean paused;
  long bufferedBytes;
  long notBeforeNanos;
  int failures;

  FetchTarget(
      TopicPartition partition, long generation, StartAt start, boolean paused, long nowNanos) {
    this.partition = partition;
    this.generation = generation;
    this.paused = paused;
    this.offset = start.offset();
    this.lookup = start.lookup();
    this.state =
        start.fromGroup() ? State.COMMITTED : start.offset() >= 0 ? State.FETCHING : State.LOOKUP;
    this.afterSuspension = state;
    this.notBeforeNanos = nowNanos;
  }

  void suspend() {
    afterSuspension =
        switch (state) {
          case COMMITTED, ASKED_GROUP -> State.COMMITTED;
          case LOOKUP, LOOKING_UP -> State.LOOKUP;
          case FETCHING, VALIDATING, SUSPENDED -> State.FETCHING;
        };
    state = State.SUSPENDED;
  }

  void resumeAfterFailure() {
    if (state == State.SUSPENDED) {
      state = afterSuspension;
    }
  }

  /** A failure that may pass: the state as it is, later. */
  void retryAt(long nanos) {
    failures++;
    notBeforeNanos = nanos;
    readReplica = -1;
  }

  /** Something came. */
  void fetched(long nextOffset, int epoch, int bytes) {
    offset = nextOffset;
    lastEpoch = epoch;
    bufferedBytes += bytes;
    failures = 0;
  }

  /** The position is gone; look it up. */
  void lose(OffsetSpec spec) {
    state = State.LOOKUP;
    lookup = spec;
    lastEpoch = -1;
  }

  /** Goes on where the group stands; a log that was truncated since is noticed by the epoch. */
  void goOnFrom(OffsetAndMetadata committed) {
    settle(committed.offset());
    lastEpoch = committed.leaderEpoch();
    leaderEpoch = committed.leaderEpoch();
  }

  void settle(long at) {
    offset = at;
    state = State.FETCHING;
    failures = 0;
  }
}
