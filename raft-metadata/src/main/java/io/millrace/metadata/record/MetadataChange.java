package io.millrace.metadata.record;

import io.millrace.metadata.kv.proto.Delete;
import io.millrace.metadata.kv.proto.Op;
import io.millrace.metadata.kv.proto.Put;
import org.jspecify.annotations.Nullable;

/**
 * One key that a decision writes or deletes.
 *
 * @param record what to write, or null to delete the key
 */
public record MetadataChange(RecordKey key, @Nullable MetadataRecord record) {

  public static MetadataChange put(MetadataRecord record) {
    return new MetadataChange(record.key(), record);
  }

  public static MetadataChange delete(RecordKey key) {
    return new MetadataChange(key, null);
  }

  /** The same as an operation of the store. */
  public Op toOp() {
    return record == null
        ? Op.newBuilder().setDelete(Delete.newBuilder().setKey(key.text())).build()
        : Op.newBuilder()
            .setPut(Put.newBuilder().setKey(key.text()).setValue(record.value()))
            .build();
  }
}
