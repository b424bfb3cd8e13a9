package io.millrace.metadata.quorum;

import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.metadata.kv.AppliedLog;
import io.millrace.metadata.kv.proto.KvBatch;
import io.millrace.metadata.kv.proto.KvBatchResult;
import java.io.IOException;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Between Ratis and the store: entries in, results out, leadership and snapshots told on.
 *
 * <p>Ratis calls {@code applyTransaction}, {@code takeSnapshot} and {@code notifyLeaderReady} on
 * its one applier thread, the other notifications on threads of its own and partly under its
 * server's lock: those only set a flag or hand on.
 *
 * <p>An exception out of {@code applyTransaction} would close the server on this node only. So
 * nothing leaves it: bytes that are no batch are no change, on every node alike.
 */
final class MetadataStateMachine extends BaseStateMachine {

  private static final Logger LOG = LoggerFactory.getLogger(MetadataStateMachine.class);

  private final AppliedLog applied;
  private final SnapshotFiles snapshots;
  private final SimpleStateMachineStorage storage;
  private final Events events;
  // Written by the applier thread: the term of the configuration applied last.
  private volatile long lastConfigurationTerm;

  MetadataStateMachine(
      AppliedLog applied,
      SimpleStateMachineStorage storage,
      SnapshotFiles snapshots,
      Events events) {
    this.applied = applied;
    this.storage = storage;
    this.snapshots = snapshots;
    this.events = events;
  }

  @Override
  public void initialize(RaftServer raftServer, RaftGroupId raftGroupId, RaftStorage raftStorage)
      throws IOException {
    super.initialize(raftServer, raftGroupId, raftStorage);
    // The life cycle has to move through all its states, or a snapshot that arrives later is
    // refused by Ratis.
    getLifeCycle()
        .startAndTransition(
            () -> {
              storage.init(raftStorage);
              load();
            },
            IOException.class);
  }

  @Override
  public void pause() {
    snapshots.abandon();
    getLifeCycle().transition(LifeCycle.State.PAUSING);
    getLifeCycle().transition(LifeCycle.State.PAUSED);
  }

  @Override
  public void reinitialize() throws IOException {
    storage.loadLatestSnapshot();
    getLifeCycle().startAndTransition(this::load, IOException.class);
  }

  private void load() throws IOException {
    SnapshotFiles.Loaded loaded = snapshots.load();
    if (loaded != null) {
      applied.restore(loaded.snapshot());
      setLastAppliedTermIndex(loaded.position());
      LOG.info(
          "Loaded a metadata snapshot, index={} revision={}",
          loaded.position().getIndex(),
          applied.view().revision());
    }
  }

  @Override
  public TransactionContext startTransaction(RaftClientRequest request) throws IOException {
    events.onEntered(request);
    return super.startTransaction(request);
  }

  @Override
  public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
    LogEntryProto entry = transaction.getLogEntry();
    KvBatch batch = batchOf(entry);
    KvBatchResult result = applied.apply(entry.getTerm(), batch);
    updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
    return CompletableFuture.completedFuture(
        transaction.getServerRole() == RaftPeerRole.LEADER
            ? Message.valueOf(UnsafeByteOperations.unsafeWrap(result.toByteArray()))
            : Message.EMPTY);
  }

  private static KvBatch batchOf(LogEntryProto entry) {
    try {
      return KvBatch.parseFrom(entry.getStateMachineLogEntry().getLogData().asReadOnlyByteBuffer());
    } catch (InvalidProtocolBufferException e) {
      LOG.error(
          "An entry of the metadata log is no batch and changes nothing, index={}",
          entry.getIndex(),
          e);
      return KvBatch.getDefaultInstance();
    }
  }

  /**
   * A read that must be current arrives here after everything before it was applied; the caller
   * then looks itself.
   */
  @Override
  public CompletableFuture<Message> query(Message request) {
    return CompletableFuture.completedFuture(Message.EMPTY);
  }

  @Override
  public long takeSnapshot() {
    return snapshots.freezeOrReport(getLastAppliedTermIndex(), applied.snapshot());
  }

  @Override
  public StateMachineStorage getStateMachineStorage() {
    return storage;
  }

  @Override
  public void notifyConfigurationChanged(
      long term, long index, RaftConfigurationProto configuration) {
    lastConfigurationTerm = term;
    events.onMembersChanged();
  }

  /**
   * Follows the configuration entry that a new leader writes first, hence its term is the leader's.
   */
  @Override
  public void notifyLeaderReady() {
    events.onLeaderReady(lastConfigurationTerm);
  }

  /** A hint from the thread of an election: earlier than what the leader makes of it. */
  @Override
  public void notifyLeaderChanged(RaftGroupMemberId member, @Nullable RaftPeerId leader) {
    events.onLeaderChanged();
  }

  @Override
  public void notifyNotLeader(Collection<TransactionContext> pending) {
    events.onNotLeader(currentTerm());
  }

  /** The term that ended the leadership, or a later one: this node led in none of them up to it. */
  private long currentTerm() {
    try {
      return getServer().join().getDivision(getGroupId()).getInfo().getCurrentTerm();
    } catch (IOException e) {
      return lastConfigurationTerm;
    }
  }

  @Override
  public void notifyLogFailed(Throwable cause, @Nullable LogEntryProto entry) {
    events.onFatal("the metadata log cannot be written", cause);
  }

  @Override
  public void notifyServerShutdown(RoleInfoProto role, boolean allServer) {
    events.onClosed();
  }

  @Override
  public void close() throws IOException {
    snapshots.close();
    super.close();
  }

  /** Position of an applied entry. */
  TermIndex position() {
    return getLastAppliedTermIndex();
  }

  /** What the quorum wants to know. None may block. */
  interface Events {
    /** A request passed the check for leadership and will be appended. */
    void onEntered(RaftClientRequest request);

    void onLeaderReady(long term);

    void onNotLeader(long term);

    void onLeaderChanged();

    void onMembersChanged();

    void onClosed();

    void onFatal(String what, Throwable cause);
  }
}
