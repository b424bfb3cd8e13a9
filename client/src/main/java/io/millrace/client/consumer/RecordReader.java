package io.millrace.client.consumer;

import io.millrace.client.ConsumerConfig;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.Deserializer;
import io.millrace.client.MillraceException;
import io.millrace.client.RecordHeader;
import io.millrace.client.RecordReadException;
import io.millrace.client.TopicPartition;
import io.millrace.client.consumer.FetchEvent.Failed;
import io.millrace.client.consumer.FetchEvent.Fetched;
import io.millrace.client.consumer.FetchEvent.Settled;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.Header;
import io.millrace.protocol.record.Record;
import io.millrace.protocol.record.TimestampType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The reading side: cursors by partition, fed from the {@link EventQueue}, and the decoding of
 * records. Reads a chunk to its end before it turns to the next partition. Guarded by the
 * consumer's lock.
 */
final class RecordReader<K, V> {

  private final ConsumerConfig config;
  private final Deserializer<K> keys;
  private final Deserializer<V> values;
  private final EventQueue events;
  private final Backchannel loop;
  private final Map<TopicPartition, PartitionCursor> cursors = new LinkedHashMap<>();
  private final List<TopicPartition> finished = new ArrayList<>();

  /** What the reader tells the fetching loop. */
  interface Backchannel {
    void consumed(TopicPartition partition, long generation, int bytes);

    void retry(TopicPartition partition, long generation);
  }

  RecordReader(
      ConsumerConfig config,
      Deserializer<K> keys,
      Deserializer<V> values,
      EventQueue events,
      Backchannel loop) {
    this.config = config;
    this.keys = keys;
    this.values = values;
    this.events = events;
    this.loop = loop;
  }

  Map<TopicPartition, PartitionCursor> cursors() {
    return cursors;
  }

  /** Takes what the loop has put into the queue. */
  void takeEvents() {
    for (FetchEvent event = events.poll(); event != null; event = events.poll()) {
      PartitionCursor cursor = cursors.get(event.partition());
      if (cursor == null || cursor.generation != event.generation()) {
        continue; // of an earlier assignment or seek
      }
      if (event instanceof Fetched fetched) {
        cursor.coming.add(fetched);
      } else if (event instanceof Settled settled) {
        cursor.settle(settled);
      } else if (event instanceof Failed failed) {
        cursor.failure = failed.reason();
      }
    }
  }

  /**
   * The next record of any partition that is not paused, or null.
   *
   * @throws MillraceException when a partition cannot be read; {@link #reported} when it was passed
   *     on
   */
  @Nullable ConsumerRecord<K, V> next() {
    for (PartitionCursor cursor : cursors.values()) {
      if (cursor.isOpen()) {
        ConsumerRecord<K, V> record = next(cursor);
        if (record != null) {
          return record;
        }
      }
    }
    return null;
  }

  /** The next record of one partition, or null; throws as {@link #next()} does. */
  @Nullable ConsumerRecord<K, V> next(PartitionCursor cursor) {
    while (true) {
      ChunkReader reader = cursor.reader;
      if (reader == null) {
        Fetched chunk = cursor.nextChunk();
        if (chunk == null) {
          MillraceException failure = cursor.failure;
          if (failure != null) {
            throw failure;
          }
          return null;
        }
        reader = new ChunkReader(chunk, cursor.position, config.isolation(), config.checkCrcs());
        cursor.reader = reader;
      }
      Record record = reader.peek();
      cursor.position = reader.position();
      if (record != null) {
        ConsumerRecord<K, V> decoded = decode(cursor.partition, reader, record);
        reader.take(record);
        cursor.position = reader.position();
        cursor.leaderEpoch = decoded.leaderEpoch();
        return decoded;
      }
      cursor.reader = null;
      loop.consumed(cursor.partition, cursor.generation, reader.chunk().bytes());
      if (cursor.coming.isEmpty()) {
        finished.add(cursor.partition);
      }
    }
  }

  /** Between two passes: partitions that were read to their end go behind the others. */
  void rotate() {
    for (TopicPartition partition : finished) {
      PartitionCursor cursor = cursors.remove(partition);
      if (cursor != null) {
        cursors.put(partition, cursor);
      }
    }
    finished.clear();
  }

  /** The application has been told: asks the loop for another try. */
  void reported(MillraceException failure) {
    for (PartitionCursor cursor : cursors.values()) {
      if (cursor.failure == failure) {
        cursor.failure = null;
        loop.retry(cursor.partition, cursor.generation);
      }
    }
  }

  private ConsumerRecord<K, V> decode(TopicPartition partition, ChunkReader reader, Record record) {
    byte[] key = bytes(record.key());
    byte[] value = bytes(record.value());
    List<RecordHeader> headers = List.of();
    if (!record.headers().isEmpty()) {
      headers = new ArrayList<>(record.headers().size());
      for (Header header : record.headers()) {
        headers.add(new RecordHeader(header.key(), bytes(header.value())));
      }
      headers = List.copyOf(headers);
    }
    return new ConsumerRecord<>(
        partition.topic(),
        partition.partition(),
        record.offset(),
        reader.batch().partitionLeaderEpoch(),
        record.timestamp(),
        reader.batch().timestampType() == TimestampType.LOG_APPEND_TIME,
        key == null ? -1 : key.length,
        value == null ? -1 : value.length,
        deserialize(keys, partition, record.offset(), key, "key"),
        deserialize(values, partition, record.offset(), value, "value"),
        headers);
  }

  private static <T> @Nullable T deserialize(
      Deserializer<T> deserializer,
      TopicPartition partition,
      long offset,
      byte @Nullable [] data,
      String what) {
    if (data == null) {
      return null;
    }
    try {
      return deserializer.deserialize(partition.topic(), data);
    } catch (RuntimeException refused) {
      throw new RecordReadException(
          ErrorCode.INVALID_RECORD,
          partition,
          offset,
          "the deserializer refused the " + what + ": " + refused.getMessage(),
          refused);
    }
  }

  private static byte @Nullable [] bytes(@Nullable ByteBuffer view) {
    if (view == null) {
      return null;
    }
    byte[] copy = new byte[view.remaining()];
    view.get(view.position(), copy);
    return copy;
  }
}
