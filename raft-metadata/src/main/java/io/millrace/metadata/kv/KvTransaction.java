package io.millrace.metadata.kv;

import com.google.protobuf.ByteString;
import io.millrace.metadata.image.PersistentMap;
import io.millrace.metadata.kv.proto.Compare;
import io.millrace.metadata.kv.proto.KvDelta;
import io.millrace.metadata.kv.proto.KvEntry;
import io.millrace.metadata.kv.proto.KvSession;
import io.millrace.metadata.kv.proto.Op;
import io.millrace.metadata.kv.proto.OpResult;
import io.millrace.metadata.kv.proto.Put;
import io.millrace.metadata.kv.proto.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One command at work: reads and changes its own version of the state, which the store takes over
 * only when all of it went well. Later ops see what earlier ones did.
 *
 * <p>Lives for one command on the applying thread.
 */
final class KvTransaction {

  private final KvState before;
  private final long term;
  private PersistentMap<String, KvEntry> entries;
  private PersistentMap<Long, KvSession> sessions;
  private final NavigableMap<String, KvEntry> puts = new TreeMap<>();
  private final NavigableSet<String> deletes = new TreeSet<>();
  private final List<KvSession> opened = new ArrayList<>();
  private final List<Long> closed = new ArrayList<>();

  KvTransaction(KvState before, long term) {
    this.before = before;
    this.term = term;
    this.entries = before.entries();
    this.sessions = before.openSessions();
  }

  /** The revision of whatever this transaction writes. */
  long revision() {
    return before.revision() + 1;
  }

  boolean changedAnything() {
    return !puts.isEmpty() || !deletes.isEmpty() || !opened.isEmpty() || !closed.isEmpty();
  }

  KvState result() {
    return changedAnything()
        ? new KvState(revision(), term, entries, sessions, before.requests())
        : before;
  }

  KvDelta delta() {
    return KvDelta.newBuilder()
        .setRevision(revision())
        .setTerm(term)
        .addAllPuts(puts.values())
        .addAllDeletes(deletes)
        .addAllOpenedSessions(opened)
        .addAllClosedSessions(closed)
        .build();
  }

  boolean allHold(List<Compare> compares) {
    for (Compare compare : compares) {
      if (!holds(compare)) {
        return false;
      }
    }
    return true;
  }

  private boolean holds(Compare compare) {
    KvEntry entry = entries.get(compare.getKey());
    return switch (compare.getTarget()) {
      case EXISTS -> holds(entry == null ? 0 : 1, compare);
      case CREATE_REVISION -> holds(entry == null ? 0 : entry.getCreateRevision(), compare);
      case MOD_REVISION -> holds(entry == null ? 0 : entry.getModRevision(), compare);
      case VERSION -> holds(entry == null ? 0 : entry.getVersion(), compare);
      case SESSION -> holds(entry == null ? 0 : entry.getSessionId(), compare);
      case VALUE -> holds(entry == null ? null : entry.getValue(), compare);
      case TARGET_UNSPECIFIED, UNRECOGNIZED ->
          throw new InvalidCommand("compare without a target, key=" + compare.getKey());
    };
  }

  private static boolean holds(long actual, Compare compare) {
    int order = Long.compareUnsigned(actual, compare.getNumber());
    return switch (compare.getRelation()) {
      case EQUAL -> order == 0;
      case NOT_EQUAL -> order != 0;
      case LESS -> order < 0;
      case GREATER -> order > 0;
      case UNRECOGNIZED ->
          throw new InvalidCommand("compare of an unknown relation, key=" + compare.getKey());
    };
  }

  private static boolean holds(@Nullable ByteString actual, Compare compare) {
    boolean equal = actual != null && actual.equals(compare.getValue());
    return switch (compare.getRelation()) {
      case EQUAL -> equal;
      case NOT_EQUAL -> !equal;
      case LESS, GREATER, UNRECOGNIZED ->
          throw new InvalidCommand(
              "values compare by EQUAL and NOT_EQUAL only, key=" + compare.getKey());
    };
  }

  List<OpResult> run(List<Op> ops) {
    List<OpResult> results = new ArrayList<>(ops.size());
    for (Op op : ops) {
      results.add(run(op));
    }
    return results;
  }

  private OpResult run(Op op) {
    return switch (op.getKindCase()) {
      case PUT -> put(op.getPut(), op.getPut().getSessionId());
      case DELETE -> delete(op.getDelete().getKey());
      case DELETE_RANGE ->
          deleteRange(op.getDeleteRange().getStart(), op.getDeleteRange().getEnd());
      case RANGE -> range(op.getRange());
      case KIND_NOT_SET -> throw new InvalidCommand("op without a kind");
    };
  }

  OpResult put(Put put, long sessionId) {
    String key = put.getKey();
    if (key.isEmpty() || key.length() > KvLimits.MAX_KEY_LENGTH) {
      throw new InvalidCommand(
          "key of " + key.length() + " characters, allowed are 1 to " + KvLimits.MAX_KEY_LENGTH);
    }
    if (put.getValue().size() > KvLimits.MAX_VALUE_BYTES) {
      throw new InvalidCommand(
          "value of "
              + put.getValue().size()
              + " bytes, allowed are "
              + KvLimits.MAX_VALUE_BYTES
              + ", key="
              + key);
    }
    if (sessionId != 0 && sessions.get(sessionId) == null) {
      throw new SessionMissing(sessionId);
    }
    KvEntry old = entries.get(key);
    KvEntry entry =
        KvEntry.newBuilder()
            .setKey(key)
            .setValue(put.getValue())
            .setCreateRevision(old == null ? revision() : old.getCreateRevision())
            .setModRevision(revision())
            .setVersion(old == null ? 1 : old.getVersion() + 1)
            .setSessionId(sessionId)
            .build();
    entries = entries.with(key, entry);
    puts.put(key, entry);
    deletes.remove(key);
    return resultOf(old);
  }

  private OpResult delete(String key) {
    KvEntry old = entries.get(key);
    if (old == null) {
      return OpResult.getDefaultInstance();
    }
    entries = entries.without(key);
    puts.remove(key);
    // What was made and unmade within one revision leaves no trace.
    if (before.get(key) != null) {
      deletes.add(key);
    }
    return resultOf(old);
  }

  private OpResult deleteRange(String start, String end) {
    List<String> keys = new ArrayList<>();
    entries.visit(start, end.isEmpty() ? null : end, (key, entry) -> keys.add(key));
    keys.forEach(this::delete);
    return OpResult.newBuilder().setCount(keys.size()).build();
  }

  private OpResult range(Range range) {
    int limit =
        range.getLimit() <= 0
            ? KvLimits.MAX_RANGE_ENTRIES
            : Math.min(range.getLimit(), KvLimits.MAX_RANGE_ENTRIES);
    OpResult.Builder result = OpResult.newBuilder();
    entries.visit(
        range.getStart(),
        range.getEnd().isEmpty() ? null : range.getEnd(),
        (key, entry) -> {
          if (result.getEntriesCount() < limit) {
            result.addEntries(entry);
          }
          result.setCount(result.getCount() + 1);
          return true;
        });
    return result.build();
  }

  /** Opens a session; its id is this revision. */
  long openSession(int ttlMs, List<Put> ephemeral) {
    if (ttlMs <= 0) {
      throw new InvalidCommand("session time to live is not positive: " + ttlMs + " ms");
    }
    KvSession session = KvSession.newBuilder().setSessionId(revision()).setTtlMs(ttlMs).build();
    sessions = sessions.with(session.getSessionId(), session);
    opened.add(session);
    for (Put put : ephemeral) {
      put(put, session.getSessionId());
    }
    return session.getSessionId();
  }

  /** Ends a session and deletes its keys. */
  void closeSession(long sessionId, Iterable<String> itsKeys) {
    if (sessions.get(sessionId) == null) {
      throw new SessionMissing(sessionId);
    }
    sessions = sessions.without(sessionId);
    closed.add(sessionId);
    itsKeys.forEach(this::delete);
  }

  private static OpResult resultOf(@Nullable KvEntry old) {
    return old == null
        ? OpResult.getDefaultInstance()
        : OpResult.newBuilder().addEntries(old).setCount(1).build();
  }

  /** Leaves the transaction without a change; becomes status INVALID. */
  static final class InvalidCommand extends RuntimeException {
    InvalidCommand(String message) {
      super(message, null, false, false);
    }
  }

  /** Leaves the transaction without a change; becomes status SESSION_NOT_FOUND. */
  static final class SessionMissing extends RuntimeException {
    SessionMissing(long sessionId) {
      super("session " + sessionId + " is not open", null, false, false);
    }
  }
}
