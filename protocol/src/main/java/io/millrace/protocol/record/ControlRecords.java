package io.millrace.protocol.record;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The system's own records, each alone in a batch with the control bit: the end of a transaction.
 * Key: int16 version, int16 type. Value: int16 version, int32 epoch of the coordinator.
 */
public final class ControlRecords {

  private static final short VERSION = 0;

  /** What a control record says. */
  public enum Type {
    ABORT(0),
    COMMIT(1),
    /** A type that this version does not know; consumers skip it. */
    UNKNOWN(-1);

    private final short id;

    Type(int id) {
      this.id = (short) id;
    }
  }

  private ControlRecords() {}

  /** A batch with the marker that ends a transaction of a producer. */
  public static MemoryRecords endTransactionMarker(
      long timestamp, long producerId, short producerEpoch, boolean commit, int coordinatorEpoch) {
    ByteBuffer key = ByteBuffer.allocate(4);
    key.putShort(VERSION).putShort((commit ? Type.COMMIT : Type.ABORT).id).flip();
    ByteBuffer value = ByteBuffer.allocate(6);
    value.putShort(VERSION).putInt(coordinatorEpoch).flip();
    return new RecordBatchBuilder(Integer.MAX_VALUE)
        .control()
        .transactional(true)
        .producerState(producerId, producerEpoch, RecordBatch.NO_SEQUENCE)
        .append(timestamp, key, value, List.of())
        .build();
  }

  /**
   * @param key of a record in a control batch
   * @throws CorruptRecordsException when the key is too short to be one
   */
  public static Type typeOf(@Nullable ByteBuffer key) {
    if (key == null || key.remaining() < 4) {
      throw new CorruptRecordsException(
          "control record's key is " + (key == null ? "null" : key.remaining() + " bytes"));
    }
    short id = key.getShort(key.position() + 2);
    return id == Type.COMMIT.id ? Type.COMMIT : id == Type.ABORT.id ? Type.ABORT : Type.UNKNOWN;
  }
}
