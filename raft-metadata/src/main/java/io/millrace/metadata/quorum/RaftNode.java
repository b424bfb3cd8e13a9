package io.millrace.metadata.quorum;

import io.millrace.metadata.kv.AppliedLog;
import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.quorum.proto.VoterIdentity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.util.ExitUtils;
import org.apache.ratis.util.ProtoUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running Ratis server with our one group, in the terms of this package. Starting and closing
 * block; all else is asynchronous and may be called from any thread.
 */
final class RaftNode implements LeaderWatch.Raft {

  /**
   * Fixed: a metadata directory holds one quorum, and what keeps quorums apart are their voters.
   */
  static final RaftGroupId GROUP =
      RaftGroupId.valueOf(
          UUID.nameUUIDFromBytes("millrace-metadata".getBytes(StandardCharsets.UTF_8)));

  private static final Logger LOG = LoggerFactory.getLogger(RaftNode.class);
  private static final long ADMIN_TIMEOUT_MILLIS = 3_000;

  static {
    // A library must not end the process; what is fatal is told to the owner.
    ExitUtils.disableSystemExit();
  }

  private final int nodeId;
  private final RaftServer server;
  private final MetadataStateMachine machine;
  private final ClientId adminClient = ClientId.randomId();
  private final AtomicLong adminCalls = new AtomicLong();

  private RaftNode(int nodeId, RaftServer server, MetadataStateMachine machine) {
    this.nodeId = nodeId;
    this.server = server;
    this.machine = machine;
  }

  /** Where Ratis keeps our group. */
  static Path groupDirectory(Path raftDirectory) {
    return raftDirectory.resolve(GROUP.getUuid().toString());
  }

  /**
   * Starts Ratis.
   *
   * @param members the voters as known so far; empty for a node that waits to be added
   */
  static RaftNode start(
      QuorumConfig config,
      Path raftDirectory,
      VoterIdentity self,
      List<VoterIdentity> members,
      AppliedLog applied,
      ExecutorService snapshotWriter,
      Runnable onSnapshotWritten,
      MetadataStateMachine.Events events)
      throws IOException {
    SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
    SnapshotFiles snapshots = new SnapshotFiles(storage, snapshotWriter, onSnapshotWritten);
    MetadataStateMachine machine = new MetadataStateMachine(applied, storage, snapshots, events);
    Parameters parameters = new Parameters();
    GrpcConfigKeys.Server.setServicesCustomizer(parameters, new IdentityCheck(Voters.peerId(self)));
    RaftServer server =
        RaftServer.newBuilder()
            .setServerId(Voters.peerId(self))
            .setGroup(RaftGroup.valueOf(GROUP, Voters.peers(members)))
            // Recovers what is there and falls back to formatting; the default insists on an empty
            // directory.
            .setOption(RaftStorage.StartupOption.RECOVER)
            .setProperties(
                RaftSettings.of(config, raftDirectory, config.directory().resolve("removed")))
            .setParameters(parameters)
            .setStateMachine(machine)
            .build();
    try {
      server.start();
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
    return new RaftNode(config.nodeId(), server, machine);
  }

  RaftServer server() {
    return server;
  }

  /** Where Ratis listens: on the loopback interface. */
  InetSocketAddress bindAddress() {
    return new InetSocketAddress(
        InetAddress.getLoopbackAddress(), server.getServerRpc().getInetSocketAddress().getPort());
  }

  long appliedIndex() {
    return machine.position().getIndex();
  }

  @Override
  public long term() {
    RaftServer.Division division = division();
    return division == null ? 0 : division.getInfo().getCurrentTerm();
  }

  /**
   * Whether Ratis works still. It closes itself when its disk fails, after a pause of a minute, or
   * when it is removed.
   */
  boolean isAlive() {
    RaftServer.Division division = division();
    return division != null
        && division.getInfo().isAlive()
        && !server.getLifeCycleState().isClosingOrClosed();
  }

  @Override
  public int leaderId() {
    RaftServer.Division division = division();
    RaftPeerId leader = division == null ? null : division.getInfo().getLeaderId();
    return leader == null ? QuorumStatus.NO_LEADER : nodeOf(leader);
  }

  /** The voters of the latest configuration in the log; empty when there is none yet. */
  List<VoterIdentity> members() {
    RaftServer.Division division = division();
    return division == null ? List.of() : Voters.identities(division.getRaftConf().getAllPeers());
  }

  @Override
  public int membersBefore(int goneLeader) {
    return (int)
        members().stream()
            .mapToInt(VoterIdentity::getNodeId)
            .filter(id -> id != goneLeader && id < nodeId)
            .count();
  }

  QuorumStatus status(boolean leaderReady, long revision) {
    RaftServer.Division division = division();
    if (division == null) {
      return new QuorumStatus(
          nodeId, QuorumStatus.NO_LEADER, false, 0, -1, appliedIndex(), revision, List.of());
    }
    long commit = division.getRaftLog().getLastCommittedIndex();
    long end = division.getRaftLog().getNextIndex() - 1;
    RoleInfoProto role = division.getInfo().getRoleInfoProto();
    long[] matches = division.getInfo().getFollowerMatchIndices();
    List<QuorumStatus.Voter> voters = new ArrayList<>();
    for (RaftPeer peer : division.getRaftConf().getAllPeers()) {
      voters.add(voter(peer, end, role, matches));
    }
    voters.sort(Comparator.comparingInt(QuorumStatus.Voter::nodeId));
    return new QuorumStatus(
        nodeId,
        leaderId(),
        leaderReady,
        division.getInfo().getCurrentTerm(),
        commit,
        appliedIndex(),
        revision,
        voters);
  }

  private QuorumStatus.Voter voter(
      RaftPeer peer, long end, RoleInfoProto role, long @Nullable [] matches) {
    VoterIdentity identity = Voters.identity(peer);
    long match = QuorumStatus.UNKNOWN;
    long sinceContact = QuorumStatus.UNKNOWN;
    if (role.hasLeaderInfo()) {
      if (peer.getId().equals(server.getId())) {
        match = end;
        sinceContact = 0;
      }
      List<ServerRpcProto> followers = role.getLeaderInfo().getFollowerInfoList();
      for (int i = 0; i < followers.size(); i++) {
        if (RaftPeerId.valueOf(followers.get(i).getId().getId()).equals(peer.getId())) {
          sinceContact = followers.get(i).getLastRpcElapsedTimeMs();
          match = matches != null && i < matches.length ? matches[i] : QuorumStatus.UNKNOWN;
        }
      }
    }
    return new QuorumStatus.Voter(
        identity.getNodeId(),
        identity.getIncarnation(),
        identity.getHost(),
        identity.getPort(),
        match,
        match == QuorumStatus.UNKNOWN ? QuorumStatus.UNKNOWN : Math.max(0, end - match),
        sinceContact);
  }

  /** Completes when everything that was committed at the call is applied here. */
  CompletableFuture<RaftClientReply> catchUp() {
    RaftClientRequest read =
        RaftClientRequest.newBuilder()
            .setClientId(adminClient)
            .setServerId(server.getId())
            .setGroupId(GROUP)
            .setCallId(adminCalls.incrementAndGet())
            .setType(RaftClientRequest.readRequestType())
            .build();
    return asking(() -> server.submitClientRequestAsync(read));
  }

  /** Replaces the voters, unless they changed meanwhile. */
  CompletableFuture<RaftClientReply> replaceMembers(
      List<VoterIdentity> current, List<VoterIdentity> next) {
    SetConfigurationRequest.Arguments arguments =
        SetConfigurationRequest.Arguments.newBuilder()
            .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
            .setServersInCurrentConf(Voters.peers(current))
            .setServersInNewConf(Voters.peers(next))
            .build();
    return asking(
        () ->
            server.setConfigurationAsync(
                new SetConfigurationRequest(
                    adminClient, server.getId(), GROUP, adminCalls.incrementAndGet(), arguments)));
  }

  /** Lets a snapshot be taken, or one that was finished be reported. */
  CompletableFuture<RaftClientReply> takeSnapshot() {
    return asking(
        () ->
            server.snapshotManagementAsync(
                SnapshotManagementRequest.newCreate(
                    adminClient,
                    server.getId(),
                    GROUP,
                    adminCalls.incrementAndGet(),
                    ADMIN_TIMEOUT_MILLIS)));
  }

  /**
   * Hands leadership over, or lays it down.
   *
   * @param successor null to lay it down
   */
  CompletableFuture<RaftClientReply> handOver(
      @Nullable VoterIdentity successor, long timeoutMillis) {
    return asking(
        () ->
            server.transferLeadershipAsync(
                new TransferLeadershipRequest(
                    adminClient,
                    server.getId(),
                    GROUP,
                    adminCalls.incrementAndGet(),
                    successor == null ? null : Voters.peerId(successor),
                    timeoutMillis)));
  }

  /**
   * Stands for election in the place of a leader that is gone, as if it had asked for that itself.
   * Blocks for the write of the new term.
   *
   * @return false when this voter follows another leader, or has nothing of its log yet
   */
  @Override
  public boolean stand(int goneLeader) {
    RaftServer.Division division = division();
    RaftPeerId leader = division == null ? null : division.getInfo().getLeaderId();
    if (division == null || leader == null || nodeOf(leader) != goneLeader) {
      return false;
    }
    StartLeaderElectionRequestProto request =
        StartLeaderElectionRequestProto.newBuilder()
            .setServerRequest(
                RaftRpcRequestProto.newBuilder()
                    .setRequestorId(leader.toByteString())
                    .setReplyId(server.getId().toByteString())
                    .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(GROUP)))
            .setLeaderLastEntry(TermIndex.valueOf(division.getInfo().getCurrentTerm(), 0).toProto())
            .build();
    try {
      return server.startLeaderElection(request).getServerReply().getSuccess();
    } catch (IOException | RuntimeException e) {
      LOG.info("No election was started, cause={}", e.toString());
      return false;
    }
  }

  /**
   * Returns when the log is closed and its directory is free. Closing gRPC takes Netty's quiet
   * period of two seconds more, which nobody has to wait for.
   */
  void close() {
    RaftServer.Division division = division();
    if (division != null) {
      division.close();
    }
    Thread rest =
        new Thread(
            () -> {
              try {
                server.close();
              } catch (IOException | RuntimeException e) {
                LOG.debug("gRPC did not close cleanly", e);
              }
            },
            "metadata-close-" + nodeId);
    rest.setDaemon(true);
    rest.start();
  }

  private RaftServer.@Nullable Division division() {
    try {
      return server.getDivision(GROUP);
    } catch (IOException e) {
      return null;
    }
  }

  private static int nodeOf(RaftPeerId id) {
    String name = id.toString();
    return Integer.parseInt(name.substring(0, name.indexOf('-')));
  }

  private static CompletableFuture<RaftClientReply> asking(Call call) {
    CompletableFuture<RaftClientReply> reply;
    try {
      reply = call.run();
    } catch (IOException | RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
    return reply.thenCompose(
        answer ->
            answer.isSuccess()
                ? CompletableFuture.completedFuture(answer)
                : CompletableFuture.failedFuture(
                    answer.getException() != null
                        ? answer.getException()
                        : new IOException("refused: " + answer)));
  }

  private interface Call {
    CompletableFuture<RaftClientReply> run() throws IOException;
  }
}
