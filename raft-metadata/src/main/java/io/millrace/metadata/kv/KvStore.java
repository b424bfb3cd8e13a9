package io.millrace.metadata.kv;

import com.google.protobuf.ByteString;
import io.millrace.metadata.image.PersistentMap;
import io.millrace.metadata.kv.KvTransaction.InvalidCommand;
import io.millrace.metadata.kv.KvTransaction.SessionMissing;
import io.millrace.metadata.kv.proto.CloseSession;
import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.KvDelta;
import io.millrace.metadata.kv.proto.KvEntry;
import io.millrace.metadata.kv.proto.KvRequest;
import io.millrace.metadata.kv.proto.KvResult;
import io.millrace.metadata.kv.proto.KvResult.Status;
import io.millrace.metadata.kv.proto.OpenSession;
import io.millrace.metadata.kv.proto.Txn;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The state machine: state and command in, state and result out, the same on every node. Nothing
 * else decides: no clock, no chance, no order of a hash table.
 *
 * <p>A command whose term is not its entry's term comes from a leader that was deposed after
 * proposing; it is applied as FENCED and changes nothing.
 *
 * <p>Confined to the applying thread.
 */
final class KvStore {

  private KvState state = KvState.EMPTY;
  // Both are derived from the state, so that a snapshot need not hold them.
  private final Map<Long, NavigableSet<String>> keysBySession = new HashMap<>();
  private final Map<ByteString, KvRequest> requestsById = new HashMap<>();
  private long nextRequestNumber;

  KvState state() {
    return state;
  }

  /** Replaces everything. */
  void restore(KvState newState) {
    state = newState;
    keysBySession.clear();
    newState.forEach(this::indexSession);
    requestsById.clear();
    nextRequestNumber = 0;
    newState
        .requests()
        .visit(
            null,
            null,
            (number, request) -> {
              requestsById.put(request.getRequestId(), request);
              nextRequestNumber = number + 1;
              return true;
            });
  }

  /** Applies one command of an entry of the given term. */
  Applied apply(long entryTerm, KvCommand command) {
    if (command.getTerm() != 0 && command.getTerm() != entryTerm) {
      return unchanged(
          result(Status.FENCED, entryTerm)
              .setReason(
                  "command of term " + command.getTerm() + " in an entry of term " + entryTerm));
    }
    KvRequest remembered = requestsById.get(command.getRequestId());
    if (remembered != null) {
      return unchanged(remembered.getResult().toBuilder().setRepeatedRequest(true));
    }
    KvTransaction transaction = new KvTransaction(state, entryTerm);
    KvResult.Builder result = result(Status.OK, entryTerm);
    try {
      if (command.getRequestId().size() > KvLimits.MAX_REQUEST_ID_BYTES) {
        throw new InvalidCommand("request id of " + command.getRequestId().size() + " bytes");
      }
      run(transaction, command, result);
    } catch (InvalidCommand e) {
      return unchanged(result(Status.INVALID, entryTerm).setReason(String.valueOf(e.getMessage())));
    } catch (SessionMissing e) {
      return unchanged(
          result(Status.SESSION_NOT_FOUND, entryTerm).setReason(String.valueOf(e.getMessage())));
    }
    if (!transaction.changedAnything()) {
      return unchanged(result);
    }
    KvDelta delta = transaction.delta();
    take(transaction.result(), delta);
    KvResult done = result.setRevision(state.revision()).build();
    remember(command.getRequestId(), done);
    return new Applied(done, delta);
  }

  private void run(KvTransaction transaction, KvCommand command, KvResult.Builder result) {
    switch (command.getKindCase()) {
      case TXN -> {
        Txn txn = command.getTxn();
        boolean holds = transaction.allHold(txn.getComparesList());
        result.setStatus(holds ? Status.OK : Status.COMPARE_FAILED);
        result.addAllOps(transaction.run(holds ? txn.getSuccessList() : txn.getFailureList()));
      }
      case OPEN_SESSION -> {
        OpenSession open = command.getOpenSession();
        if (transaction.allHold(open.getComparesList())) {
          result.setSessionId(transaction.openSession(open.getTtlMs(), open.getPutsList()));
        } else {
          result.setStatus(Status.COMPARE_FAILED);
        }
      }
      case CLOSE_SESSION -> {
        CloseSession close = command.getCloseSession();
        transaction.closeSession(close.getSessionId(), keysOf(close.getSessionId()));
        result.addAllOps(transaction.run(close.getOpsList()));
      }
      case KIND_NOT_SET -> throw new InvalidCommand("command without a kind");
    }
  }

  /** A copy, because what closes a session changes the index. */
  private List<String> keysOf(long sessionId) {
    NavigableSet<String> keys = keysBySession.get(sessionId);
    return keys == null ? List.of() : List.copyOf(keys);
  }

  private void take(KvState next, KvDelta delta) {
    for (KvEntry put : delta.getPutsList()) {
      unindexSession(state.get(put.getKey()));
      indexSession(put);
    }
    for (String key : delta.getDeletesList()) {
      unindexSession(state.get(key));
    }
    state = next;
  }

  private void indexSession(KvEntry entry) {
    if (entry.getSessionId() != 0) {
      keysBySession
          .computeIfAbsent(entry.getSessionId(), id -> new TreeSet<>())
          .add(entry.getKey());
    }
  }

  private void unindexSession(@Nullable KvEntry entry) {
    if (entry != null && entry.getSessionId() != 0) {
      NavigableSet<String> keys = keysBySession.get(entry.getSessionId());
      if (keys != null && keys.remove(entry.getKey()) && keys.isEmpty()) {
        keysBySession.remove(entry.getSessionId());
      }
    }
  }

  private void remember(ByteString requestId, KvResult result) {
    if (requestId.isEmpty()) {
      return;
    }
    KvRequest request =
        KvRequest.newBuilder()
            .setRequestId(requestId)
            .setResult(result.toBuilder().clearOps())
            .build();
    PersistentMap<Long, KvRequest> requests = state.requests().with(nextRequestNumber++, request);
    requestsById.put(requestId, request);
    while (requests.size() > KvLimits.REMEMBERED_REQUESTS) {
      Map.Entry<Long, KvRequest> oldest = requests.first();
      if (oldest == null) {
        break;
      }
      requests = requests.without(oldest.getKey());
      requestsById.remove(oldest.getValue().getRequestId());
    }
    state =
        new KvState(
            state.revision(), state.term(), state.entries(), state.openSessions(), requests);
  }

  private KvResult.Builder result(Status status, long entryTerm) {
    return KvResult.newBuilder().setStatus(status).setRevision(state.revision()).setTerm(entryTerm);
  }

  private static Applied unchanged(KvResult.Builder result) {
    return new Applied(result.build(), null);
  }

  /** What became of a command; no delta when nothing changed. */
  record Applied(KvResult result, @Nullable KvDelta delta) {}
}
