package io.millrace.protocol.record;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Walks a batch's records in memory and makes a {@link Record} of each. Every length is checked
 * against the bytes that are left before anything is allocated for it.
 *
 * <pre>
 *   varint length | int8 attributes | varlong timestamp delta | varint offset delta
 *   varint key length, key | varint value length, value            (-1: null)
 *   varint header count | { varint key length, key | varint value length, value } ...
 * </pre>
 */
final class RecordIterator extends RecordBytes implements Iterator<Record> {

  private final long baseOffset;
  private final long baseTimestamp;
  private final long appendTime; // NO_TIMESTAMP: the records have their own
  private final int count;
  private int done;

  private RecordIterator(RecordBatch batch, ByteBuffer bytes) {
    super(bytes);
    this.baseOffset = batch.baseOffset();
    this.baseTimestamp = batch.baseTimestamp();
    this.appendTime =
        batch.timestampType() == TimestampType.LOG_APPEND_TIME
            ? batch.maxTimestamp()
            : RecordBatch.NO_TIMESTAMP;
    this.count = batch.recordCount();
    if (count < 0) {
      throw new CorruptRecordsException(
          "batch claims " + count + " records, baseOffset=" + baseOffset);
    }
  }

  static RecordIterator over(RecordBatch batch, ByteBuffer payload, int maxDecompressedBytes) {
    return new RecordIterator(
        batch, batch.compression().decompress(payload, maxDecompressedBytes).asReadOnlyBuffer());
  }

  static List<Record> list(RecordBatch batch, ByteBuffer payload, int maxDecompressedBytes) {
    List<Record> records = new ArrayList<>();
    over(batch, payload, maxDecompressedBytes).forEachRemaining(records::add);
    return records;
  }

  @Override
  public boolean hasNext() {
    if (done < count) {
      return true;
    }
    if (position != bytes.limit()) {
      throw corrupt((bytes.limit() - position) + " bytes follow the last of " + count + " records");
    }
    return false;
  }

  @Override
  public Record next() {
    if (done >= count) {
      throw new NoSuchElementException("batch has " + count + " records");
    }
    int length = varint();
    if (length < 0 || length > bytes.limit() - position) {
      throw corrupt("record claims " + length + " bytes, " + (bytes.limit() - position) + " left");
    }
    int end = position + length;
    if (length == 0) {
      throw corrupt("record is empty");
    }
    position++; // attributes: none defined
    long timestamp = baseTimestamp + varlong();
    long offset = baseOffset + varint();
    ByteBuffer key = nullableBytes(end);
    ByteBuffer value = nullableBytes(end);
    List<Header> headers = headers(end);
    if (position != end) {
      throw corrupt("record claims " + length + " bytes and has " + (length - end + position));
    }
    done++;
    return new Record(
        offset,
        appendTime == RecordBatch.NO_TIMESTAMP ? timestamp : appendTime,
        key,
        value,
        headers);
  }

  private List<Header> headers(int end) {
    int headerCount = varint();
    if (headerCount == 0) {
      return List.of();
    }
    if (headerCount < 0 || headerCount > (end - position) / 2) { // a header has two lengths
      throw corrupt("record claims " + headerCount + " headers in " + (end - position) + " bytes");
    }
    List<Header> headers = new ArrayList<>(headerCount);
    for (int i = 0; i < headerCount; i++) {
      ByteBuffer key = nullableBytes(end);
      if (key == null) {
        throw corrupt("header has no key");
      }
      headers.add(new Header(StandardCharsets.UTF_8.decode(key).toString(), nullableBytes(end)));
    }
    return List.copyOf(headers);
  }

  private @Nullable ByteBuffer nullableBytes(int end) {
    int length = varint();
    if (length == -1) {
      return null;
    }
    if (length < 0 || length > end - position) {
      throw corrupt("field claims " + length + " bytes, its record has " + (end - position));
    }
    ByteBuffer slice = bytes.slice(position, length);
    position += length;
    return slice;
  }

  @Override
  CorruptRecordsException corrupt(String what) {
    return new CorruptRecordsException(
        what + ", batch baseOffset=" + baseOffset + " record=" + done);
  }
}
