package io.millrace.log.producer;

import io.millrace.log.producer.ProducerEntry.Sent;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The snapshot file of a producer table:
 *
 * <pre>
 *   crc32c of the rest : int32 | version : int16 | entries : int32
 *   entry: producerId : int64 | epoch : int16 | lastActiveMs : int64 | transactionStart : int64 | batches : int8
 *   batch: baseSequence : int32 | lastSequence : int32 | baseOffset : int64 | lastOffset : int64
 * </pre>
 */
final class ProducerSnapshot {

  private static final short VERSION = 1;
  private static final int HEADER_BYTES = 4 + 2 + 4;
  private static final int ENTRY_BYTES = 8 + 2 + 8 + 8 + 1;
  private static final int BATCH_BYTES = 4 + 4 + 8 + 8;

  private ProducerSnapshot() {}

  static byte[] encode(Collection<ProducerEntry> entries) {
    int size = HEADER_BYTES;
    for (ProducerEntry entry : entries) {
      size += ENTRY_BYTES + entry.batches.size() * BATCH_BYTES;
    }
    ByteBuffer out = ByteBuffer.allocate(size).position(4).putShort(VERSION).putInt(entries.size());
    for (ProducerEntry entry : entries) {
      out.putLong(entry.producerId).putShort(entry.epoch).putLong(entry.lastActiveMs);
      out.putLong(entry.transactionStart).put((byte) entry.batches.size());
      for (Sent sent : entry.batches) {
        out.putInt(sent.baseSequence()).putInt(sent.lastSequence());
        out.putLong(sent.baseOffset()).putLong(sent.lastOffset());
      }
    }
    out.putInt(0, checksum(out.array()));
    return out.array();
  }

  static List<ProducerEntry> decode(byte[] bytes) {
    if (bytes.length < HEADER_BYTES) {
      throw new IllegalArgumentException(
          "producer snapshot has " + bytes.length + " bytes, its header alone " + HEADER_BYTES);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    int crc = in.getInt();
    if (crc != checksum(bytes)) {
      throw new IllegalArgumentException(
          "producer snapshot names checksum " + crc + ", its bytes have " + checksum(bytes));
    }
    short version = in.getShort();
    if (version != VERSION) {
      throw new IllegalArgumentException(
          "producer snapshot has version " + version + ", expected " + VERSION);
    }
    try {
      int count = in.getInt();
      List<ProducerEntry> entries = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        entries.add(decodeEntry(in));
      }
      return entries;
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException(
          "producer snapshot of " + bytes.length + " bytes is cut short", e);
    }
  }

  private static ProducerEntry decodeEntry(ByteBuffer in) {
    ProducerEntry entry = new ProducerEntry(in.getLong(), in.getShort(), in.getLong());
    entry.transactionStart = in.getLong();
    int batches = in.get();
    for (int i = 0; i < batches; i++) {
      entry.remember(new Sent(in.getInt(), in.getInt(), in.getLong(), in.getLong()));
    }
    return entry;
  }

  private static int checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 4, bytes.length - 4);
    return (int) crc.getValue();
  }
}
