package io.millrace.client.consumer;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.Processing;
import io.millrace.client.RecordHandler;
import io.millrace.client.TopicPartition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * Who takes the records: polls, a subscriber, or a handler, one kind at a time; and what each of
 * them does first, which is to look after the group. Guarded by the consumer's lock.
 */
final class Readers<K, V> {

  private final ReadGate gate;
  private final EventQueue events;
  private final RecordReader<K, V> reader;
  private final Assignment assignment;
  private final @Nullable GroupReader group;
  private @Nullable RecordSubscription<K, V> subscription;
  private @Nullable RecordProcessing<K, V> processing;

  Readers(
      ReadGate gate,
      EventQueue events,
      RecordReader<K, V> reader,
      Assignment assignment,
      @Nullable GroupReader group) {
    this.gate = gate;
    this.events = events;
    this.reader = reader;
    this.assignment = assignment;
    this.group = group;
  }

  void requireNone() {
    if (subscription != null || processing != null) {
      throw new IllegalStateException(
          "records go to a "
              + (subscription != null ? "subscriber; cancel it" : "handler; stop it")
              + " before reading in another way");
    }
  }

  /** Looks after the group, and takes what was fetched. */
  void attend() {
    if (group != null) {
      group.step();
    }
    reader.takeEvents();
  }

  private boolean mayRead() {
    return group == null || group.mayRead();
  }

  /** The application is back for records. */
  void back() {
    if (group != null) {
      group.group().back();
    }
  }

  /** The application has what it wanted. */
  void away() {
    if (group != null) {
      group.group().away();
    }
  }

  ConsumerRecords<K, V> collect(int most) {
    Map<TopicPartition, List<ConsumerRecord<K, V>>> found = new LinkedHashMap<>();
    int count = 0;
    try {
      while (count < most && mayRead()) {
        ConsumerRecord<K, V> record = reader.next();
        if (record == null) {
          break;
        }
        found.computeIfAbsent(record.topicPartition(), key -> new ArrayList<>()).add(record);
        count++;
      }
    } catch (MillraceException failure) {
      if (count == 0) {
        reader.reported(failure);
        throw failure;
      } // else the next poll meets it again, first
    } finally {
      reader.rotate();
    }
    return new ConsumerRecords<>(found);
  }

  /** Something that the stream or the handler may wait for: a seek, a resume. */
  void somethingChanged() {
    RecordSubscription<K, V> stream = subscription;
    if (stream != null) {
      stream.somethingChanged();
    }
    RecordProcessing<K, V> handlers = processing;
    if (handlers != null) {
      handlers.somethingChanged();
    }
  }

  Flow.Publisher<ConsumerRecord<K, V>> publisher(Executor executor) {
    return subscriber -> {
      Objects.requireNonNull(subscriber, "subscriber");
      RecordSubscription<K, V> fresh =
          new RecordSubscription<>(subscriber, executor, new Stream(), this::ended);
      boolean isTaken;
      gate.lock();
      try {
        isTaken = subscription != null || processing != null || gate.isBusy() || gate.isClosed();
        if (!isTaken) {
          subscription = fresh;
          back();
          events.listen(fresh::somethingChanged);
        }
      } finally {
        gate.unlock();
      }
      if (isTaken) {
        fresh.refuse(
            new IllegalStateException(
                gate.isClosed() ? "the consumer is closed" : "the consumer has a reader already"));
      } else {
        fresh.begin();
      }
    };
  }

  private void ended(RecordSubscription<K, V> former) {
    gate.lock();
    try {
      if (subscription == former) {
        subscription = null;
        events.listen(null);
        away();
      }
    } finally {
      gate.unlock();
    }
  }

  Processing process(Executor executor, int queued, RecordHandler<K, V> handler) {
    RecordProcessing<K, V> fresh = new RecordProcessing<>(new Host(), executor, queued, handler);
    processing = fresh;
    back();
    if (group != null) {
      group.progress(fresh);
    }
    events.listen(fresh::somethingChanged);
    fresh.somethingChanged();
    return fresh;
  }

  /** Ends the processing, within the time; a stream gets no more records. */
  void stop(long nanos) {
    RecordProcessing<K, V> handlers = processing;
    if (handlers != null) {
      CompletableFuture<Void> ended = handlers.stop().exceptionally(failure -> null);
      gate.await(ended, nanos, reader::takeEvents, false);
    }
  }

  /** The consumer is closed: tells the stream. Without the lock. */
  void closed() {
    gate.lock();
    RecordSubscription<K, V> former = subscription;
    try {
      subscription = null;
      events.listen(null);
    } finally {
      gate.unlock();
    }
    if (former != null) {
      former.complete();
    }
  }

  /** One record after another; whoever asks for the next is done with the one before. */
  private final class Stream implements RecordSubscription.Source<K, V> {
    /** Another thread closes the consumer, or is about to leave the group. */
    private boolean isOver() {
      return gate.isClosed() || (group != null && group.isLeaving());
    }

    @Override
    public void attend() {
      gate.lock();
      try {
        if (!isOver()) {
          back();
          Readers.this.attend();
        }
      } finally {
        gate.unlock();
      }
    }

    @Override
    public @Nullable ConsumerRecord<K, V> next() {
      gate.lock();
      try {
        if (isOver()) {
          return null;
        }
        back();
        Readers.this.attend();
        ConsumerRecord<K, V> record = mayRead() ? reader.next() : null;
        if (record != null) {
          away();
        }
        return record;
      } catch (MillraceException failure) {
        reader.reported(failure);
        throw failure;
      } finally {
        reader.rotate();
        gate.unlock();
      }
    }
  }

  private final class Host implements RecordProcessing.Host<K, V> {

    @Override
    public void lock() {
      gate.lock();
    }

    @Override
    public void unlock() {
      gate.unlock();
    }

    @Override
    public void attend() {
      back();
      Readers.this.attend();
    }

    @Override
    public boolean mayRead() {
      return Readers.this.mayRead();
    }

    @Override
    public Collection<PartitionCursor> cursors() {
      return assignment.cursors();
    }

    @Override
    public @Nullable ConsumerRecord<K, V> next(PartitionCursor cursor) {
      try {
        return reader.next(cursor);
      } catch (MillraceException failure) {
        reader.reported(failure);
        throw failure;
      }
    }

    @Override
    public void rewind(PartitionCursor cursor, OffsetAndMetadata to) {
      assignment.rewind(cursor, to);
    }

    @Override
    public void ended(RecordProcessing<K, V> former) {
      if (processing == former) {
        processing = null;
        events.listen(null);
        if (group != null) {
          group.progress(null);
        }
        away();
      }
    }
  }
}
