package io.millrace.metadata.kv;

import com.google.protobuf.ByteString;
import io.millrace.metadata.kv.proto.CloseSession;
import io.millrace.metadata.kv.proto.Compare;
import io.millrace.metadata.kv.proto.Delete;
import io.millrace.metadata.kv.proto.DeleteRange;
import io.millrace.metadata.kv.proto.KvBatch;
import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.Op;
import io.millrace.metadata.kv.proto.OpenSession;
import io.millrace.metadata.kv.proto.Put;
import io.millrace.metadata.kv.proto.Range;
import io.millrace.metadata.kv.proto.Txn;
import java.util.List;

/** Short forms of commands, for tests. */
final class KvCommands {

  private KvCommands() {}

  static ByteString bytes(String text) {
    return ByteString.copyFromUtf8(text);
  }

  static Op put(String key, String value) {
    return put(key, value, 0);
  }

  static Op put(String key, String value, long session) {
    return Op.newBuilder()
        .setPut(Put.newBuilder().setKey(key).setValue(bytes(value)).setSessionId(session))
        .build();
  }

  static Op delete(String key) {
    return Op.newBuilder().setDelete(Delete.newBuilder().setKey(key)).build();
  }

  static Op deleteRange(String start, String end) {
    return Op.newBuilder()
        .setDeleteRange(DeleteRange.newBuilder().setStart(start).setEnd(end))
        .build();
  }

  static Op range(String start, String end) {
    return Op.newBuilder().setRange(Range.newBuilder().setStart(start).setEnd(end)).build();
  }

  static Compare compare(
      String key, Compare.Target target, Compare.Relation relation, long number) {
    return Compare.newBuilder()
        .setKey(key)
        .setTarget(target)
        .setRelation(relation)
        .setNumber(number)
        .build();
  }

  static KvCommand txn(Op... ops) {
    return txn(List.of(), List.of(ops), List.of());
  }

  static KvCommand txn(List<Compare> compares, List<Op> success, List<Op> failure) {
    return KvCommand.newBuilder()
        .setTxn(
            Txn.newBuilder().addAllCompares(compares).addAllSuccess(success).addAllFailure(failure))
        .build();
  }

  static KvCommand open(int ttlMs, String... ephemeralKeys) {
    OpenSession.Builder open = OpenSession.newBuilder().setTtlMs(ttlMs);
    for (String key : ephemeralKeys) {
      open.addPuts(Put.newBuilder().setKey(key).setValue(bytes("ephemeral")));
    }
    return KvCommand.newBuilder().setOpenSession(open).build();
  }

  static KvCommand close(long session, Op... ops) {
    return KvCommand.newBuilder()
        .setCloseSession(CloseSession.newBuilder().setSessionId(session).addAllOps(List.of(ops)))
        .build();
  }

  static KvBatch batch(KvCommand... commands) {
    return KvBatch.newBuilder().addAllCommands(List.of(commands)).build();
  }
}
