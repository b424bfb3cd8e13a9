package io.millrace.metadata.quorum;

import io.millrace.metadata.kv.AppliedLog;
import io.millrace.metadata.kv.KvView;
import io.millrace.metadata.kv.MetadataLog;
import io.millrace.metadata.kv.MetadataLogListener;
import io.millrace.metadata.kv.NotLeaderException;
import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.KvResult;
import io.millrace.metadata.quorum.proto.JoinAnswer;
import io.millrace.metadata.quorum.proto.JoinRequest;
import io.millrace.metadata.quorum.proto.VoterIdentity;
import io.millrace.metadata.quorum.proto.VoterStatus;
import io.millrace.metadata.quorum.proto.VoterStatus.Formation;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.ratis.protocol.RaftClientRequest;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The metadata log agreed upon by Ratis: one of these runs on every voter.
 *
 * <pre>
 *   new ──start()──► forming ──► running ──stop()──► stopped
 *                    (empty storage only: asks the other voters, founds or joins)
 * </pre>
 *
 * <p>Threads: {@code metadata-maintenance} owns start, formation, the applied-index file and the
 * tick; Ratis' applier owns the store; {@code metadata-proposals} submits. Public methods may be
 * called from any thread and do not block.
 *
 * <p>When Ratis can no longer be trusted (its log cannot be written, its server closed itself) the
 * {@link FatalHandler} is told once. The process has to end then: a voter that goes on without its
 * disk answers for what it cannot keep.
 */
public final class RatisQuorum implements MetadataLog, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RatisQuorum.class);
  private static final long TICK_MILLIS = 1_000;
  private static final long HAND_OVER_MILLIS = 500;

  private final QuorumConfig config;
  private final VoterDirectory directory;
  private final FatalHandler fatal;
  private final AppliedLog applied;
  private final Admission admission;
  private final Leadership leadership;
  private final LeaderWatch leaderWatch;
  private final ScheduledExecutorService maintenance;
  private final CompletableFuture<Void> started = new CompletableFuture<>();
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();
  private final CompletableFuture<Void> leadershipLaidDown = new CompletableFuture<>();
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final AtomicBoolean fatalTold = new AtomicBoolean();

  // Written by the maintenance thread, in this order; read by all.
  private volatile @Nullable VoterFile voterFile;
  private volatile @Nullable RaftNode node;
  private volatile @Nullable Proposals proposals;

  // Maintenance thread only.
  private @Nullable VoterStorage storage;
  private long ticks;
  private long snapshotRevision;

  /** A voter that does nothing before {@link #start}. */
  public RatisQuorum(QuorumConfig config, VoterDirectory directory, FatalHandler fatal) {
    this.config = config;
    this.directory = directory;
    this.fatal = fatal;
    this.applied = new AppliedLog(config.historyLimit());
    this.admission = new Admission(config);
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1, task -> daemon(task, "metadata-maintenance-" + config.nodeId()));
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    this.maintenance = executor;
    this.leadership = new Leadership(applied, this::onMaintenance);
    this.leaderWatch = new LeaderWatch(config, directory, this::onMaintenance);
  }

  /** Told once, from any thread, when this voter must not go on. */
  public interface FatalHandler {
    void onFatal(String what, @Nullable Throwable cause);
  }

  /**
   * Starts. The future completes when Ratis runs here, which for a voter with empty storage is when
   * the others answered; a leader may come later. It fails with {@link QuorumStartException} when
   * the storage must not be used.
   */
  public CompletableFuture<Void> start() {
    maintenance.execute(
        () -> {
          try {
            open();
          } catch (IOException | RuntimeException e) {
            started.completeExceptionally(e);
          }
        });
    return started.copy();
  }

  private void open() throws IOException {
    VoterStorage opened = VoterStorage.open(config);
    storage = opened;
    VoterFile file = opened.voter();
    voterFile = file;
    switch (file.formation()) {
      case MEMBER -> run(file.status().getMembersList());
      case JOINING -> {
        run(List.of());
        join(file);
      }
      case EMPTY, FORMATION_UNSPECIFIED, UNRECOGNIZED ->
          new QuorumFormation(config, directory, maintenance)
              .decide(file.self(), decision -> found(file, decision));
    }
  }

  private void found(VoterFile file, FormationRule.Decision decision) {
    if (stopping.get()) {
      return;
    }
    try {
      if (decision.action() == FormationRule.Action.START) {
        LOG.info("Founding the metadata quorum, voters={}", Voters.describe(decision.voters()));
        file.become(Formation.MEMBER, decision.voters());
        run(decision.voters());
      } else {
        LOG.info(
            "Joining the metadata quorum, members that answered={}",
            Voters.describe(decision.voters()));
        file.become(Formation.JOINING, List.of());
        run(List.of());
        join(file);
      }
    } catch (IOException | RuntimeException e) {
      started.completeExceptionally(e);
    }
  }

  private void run(List<VoterIdentity> members) throws IOException {
    VoterFile file = voterFile;
    if (file == null || stopping.get()) {
      return;
    }
    RaftNode running =
        RaftNode.start(
            config,
            VoterStorage.raftDirectory(config),
            file.self(),
            members,
            applied,
            Executors.newSingleThreadExecutor(
                task -> daemon(task, "metadata-snapshot-" + config.nodeId())),
            this::reportSnapshot,
            new RaftEvents());
    Proposals submitting =
        new Proposals(running.server(), RaftNode.GROUP, config.nodeId(), running::leaderId);
    submitting.start();
    proposals = submitting;
    node = running;
    leaderWatch.start(running);
    LOG.info(
        "Metadata quorum runs, voter={} raft address={}",
        Voters.describe(file.self()),
        running.bindAddress());
    maintenance.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    leadership.enable(submitting);
    started.complete(null);
  }

  private void join(VoterFile file) {
    new QuorumFormation(config, directory, maintenance)
        .join(file.self(), () -> stopping.get() || isMember(file.self()));
  }

  private boolean isMember(VoterIdentity self) {
    RaftNode running = node;
    return running != null
        && running.members().stream().anyMatch(member -> Voters.same(member, self));
  }

  // ---- the metadata log

  @Override
  public CompletableFuture<KvResult> propose(KvCommand command) {
    Proposals submitting = proposals;
    if (submitting == null || !leadership.isReady()) {
      return CompletableFuture.failedFuture(
          new NotLeaderException(
              "node " + config.nodeId() + " does not lead the metadata quorum", leaderId()));
    }
    return submitting.propose(command);
  }

  @Override
  public Subscription subscribe(long afterRevision, MetadataLogListener listener) {
    return applied.subscribe(afterRevision, listener);
  }

  @Override
  public KvView view() {
    return applied.view();
  }

  @Override
  public CompletableFuture<KvView> latestView() {
    RaftNode running = node;
    if (running == null) {
      return CompletableFuture.failedFuture(
          new NotLeaderException(
              "node " + config.nodeId() + " has no metadata quorum yet", QuorumStatus.NO_LEADER));
    }
    return running.catchUp().thenApply(reply -> applied.view());
  }

  @Override
  public QuorumStatus status() {
    RaftNode running = node;
    return running == null
        ? new QuorumStatus(config.nodeId(), QuorumStatus.NO_LEADER, false, 0, -1, -1, 0, List.of())
        : running.status(leadership.isReady(), applied.view().revision());
  }

  @Override
  public boolean isLeader() {
    return leadership.isReady();
  }

  private int leaderId() {
    RaftNode running = node;
    return running == null ? QuorumStatus.NO_LEADER : running.leaderId();
  }

  // ---- for the controller port

  /**
   * Where to splice HTTP/2 connections that arrive at the controller port; null before Ratis runs.
   */
  public @Nullable InetSocketAddress raftBindAddress() {
    RaftNode running = node;
    return running == null ? null : running.bindAddress();
  }

  /** What to answer to {@link VoterDirectory#probe}. */
  public VoterStatus voterStatus() {
    VoterFile file = voterFile;
    if (file == null) {
      return VoterStatus.newBuilder()
          .setSelf(Voters.identity(config.self(), ""))
          .setLeaderId(QuorumStatus.NO_LEADER)
          .build();
    }
    VoterStatus.Builder status = file.status().toBuilder().setLeaderId(leaderId());
    RaftNode running = node;
    if (running != null) {
      status.setTerm(running.term());
      List<VoterIdentity> members = running.members();
      if (members.stream().anyMatch(member -> Voters.same(member, file.self()))) {
        status.setFormation(Formation.MEMBER).clearMembers().addAllMembers(members);
      }
    }
    return status.build();
  }

  /** What to do on {@link VoterDirectory#join}. */
  public CompletableFuture<JoinAnswer> admit(JoinRequest request) {
    RaftNode running = node;
    if (running == null) {
      return CompletableFuture.completedFuture(
          JoinAnswer.newBuilder()
              .setStatus(JoinAnswer.Status.NOT_LEADER)
              .setLeaderId(QuorumStatus.NO_LEADER)
              .setReason("node " + config.nodeId() + " has no quorum itself")
              .build());
    }
    return admission.admit(running, status(), request.getJoiner());
  }

  // ---- upkeep

  private void tick() {
    RaftNode running = node;
    if (running == null || stopping.get()) {
      return;
    }
    try {
      leaderWatch.observe();
      if (!running.isAlive()) {
        tellFatal("the Raft server of the metadata quorum closed itself", null);
        return;
      }
      VoterStorage open = storage;
      if (open != null) {
        open.rememberApplied(running.appliedIndex());
        open.rememberMembers(running.members());
      }
      if (++ticks % Math.max(1, config.snapshotInterval().toSeconds()) == 0
          && applied.view().revision() != snapshotRevision) {
        snapshotRevision = applied.view().revision();
        running.takeSnapshot();
      }
    } catch (IOException e) {
      tellFatal("the metadata directory " + config.directory() + " cannot be written", e);
    } catch (RuntimeException e) {
      LOG.error("Upkeep of the metadata quorum failed", e);
    }
  }

  private void membersChanged() {
    RaftNode running = node;
    VoterStorage open = storage;
    if (running != null && open != null) {
      try {
        open.rememberMembers(running.members());
      } catch (IOException e) {
        tellFatal("the metadata directory " + config.directory() + " cannot be written", e);
      }
    }
  }

  private void reportSnapshot() {
    RaftNode running = node;
    if (running != null && !stopping.get()) {
      running.takeSnapshot();
    }
  }

  private void tellFatal(String what, @Nullable Throwable cause) {
    if (!stopping.get() && fatalTold.compareAndSet(false, true)) {
      leadership.end();
      LOG.error("The metadata quorum cannot go on: {}", what, cause);
      fatal.onFatal(what, cause);
    }
  }

  private void onMaintenance(Runnable task) {
    if (!stopping.get()) {
      maintenance.execute(task);
    }
  }

  private void onMaintenance(Runnable task, long afterMillis) {
    if (!stopping.get()) {
      maintenance.schedule(task, afterMillis, TimeUnit.MILLISECONDS);
    }
  }

  // ---- shutdown

  /** Hands leadership over when this node has it, then stops. Safe to call twice. */
  public CompletableFuture<Void> stop() {
    if (stopping.compareAndSet(false, true)) {
      handOver()
          .whenComplete(
              (done, failure) -> {
                maintenance.execute(this::closeAll);
                maintenance.shutdown();
              });
    }
    return stopped.copy();
  }

  @Override
  public void close() {
    stop().join();
  }

  /** A transfer may be refused when leadership was just won; laying it down is never. */
  private CompletableFuture<?> handOver() {
    RaftNode running = node;
    if (running == null || !leadership.isReady()) {
      return CompletableFuture.completedFuture(null);
    }
    VoterIdentity successor =
        status().voters().stream()
            .filter(voter -> voter.nodeId() != config.nodeId())
            .max(Comparator.comparingLong(QuorumStatus.Voter::matchIndex))
            .flatMap(
                best ->
                    running.members().stream()
                        .filter(one -> one.getNodeId() == best.nodeId())
                        .findFirst())
            .orElse(null);
    if (successor == null) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<?> answered =
        running
            .handOver(successor, HAND_OVER_MILLIS)
            .handle(
                (reply, failure) -> {
                  if (failure == null || leadershipLaidDown.isDone()) {
                    return CompletableFuture.completedFuture(reply);
                  }
                  LOG.info(
                      "Leadership was not transferred, laying it down, reason={}",
                      failure.toString());
                  return running.handOver(null, HAND_OVER_MILLIS);
                })
            .thenCompose(future -> future);
    // Ratis may answer long after the successor has taken over.
    return CompletableFuture.anyOf(answered, leadershipLaidDown)
        .orTimeout(3 * HAND_OVER_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void closeAll() {
    RaftNode running = node;
    Proposals submitting = proposals;
    VoterStorage open = storage;
    leadership.end();
    leaderWatch.close();
    started.completeExceptionally(new IllegalStateException("stopped"));
    try {
      if (submitting != null) {
        submitting.close();
      }
      if (running != null) {
        running.close();
        if (open != null) {
          open.rememberApplied(running.appliedIndex());
        }
      }
      if (open != null) {
        open.close();
      }
      stopped.complete(null);
    } catch (IOException | RuntimeException e) {
      LOG.warn("The metadata quorum did not stop cleanly", e);
      stopped.complete(null);
    }
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Notifications of Ratis, handed on. They come from several of its threads, some under its lock.
   */
  private final class RaftEvents implements MetadataStateMachine.Events {

    @Override
    public void onEntered(RaftClientRequest request) {
      Proposals submitting = proposals;
      if (submitting != null) {
        submitting.onEntered(request);
      }
    }

    @Override
    public void onLeaderReady(long term) {
      leadership.onLeaderReady(term);
    }

    @Override
    public void onNotLeader(long term) {
      leadership.onNotLeader(term);
      if (stopping.get()) {
        leadershipLaidDown.complete(null);
      }
    }

    @Override
    public void onLeaderChanged() {
      onMaintenance(leaderWatch::observe);
    }

    @Override
    public void onMembersChanged() {
      onMaintenance(RatisQuorum.this::membersChanged);
    }

    @Override
    public void onClosed() {
      tellFatal("the Raft server of the metadata quorum closed itself", null);
    }

    @Override
    public void onFatal(String what, Throwable cause) {
      tellFatal(what, cause);
    }
  }
}
