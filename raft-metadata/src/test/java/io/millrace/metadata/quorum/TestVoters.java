package io.millrace.metadata.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.metadata.kv.NotLeaderException;
import io.millrace.metadata.kv.OutcomeUnknownException;
import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.KvEntry;
import io.millrace.metadata.kv.proto.KvResult;
import io.millrace.metadata.kv.proto.Op;
import io.millrace.metadata.kv.proto.Put;
import io.millrace.metadata.kv.proto.Txn;
import io.millrace.metadata.quorum.proto.JoinAnswer;
import io.millrace.metadata.quorum.proto.JoinRequest;
import io.millrace.metadata.quorum.proto.VoterStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Several voters in one process: real disks, real gRPC, each behind its own splicing controller
 * port.
 */
final class TestVoters implements AutoCloseable, VoterDirectory {

  static final Duration PATIENCE = Duration.ofSeconds(30);

  final List<String> fatal = new CopyOnWriteArrayList<>();
  private final Path root;
  private final List<VoterAddress> addresses = new ArrayList<>();
  private final Map<Integer, SpliceProxy> doors = new ConcurrentHashMap<>();
  private final List<KeptLine> lines = new CopyOnWriteArrayList<>();
  private final Map<Integer, RatisQuorum> running = new ConcurrentHashMap<>();
  private UnaryOperator<QuorumConfig> tuning = config -> config;

  TestVoters(Path root, int count) {
    this.root = root;
    for (int i = 1; i <= count; i++) {
      int nodeId = i;
      SpliceProxy door =
          new SpliceProxy(
              () -> {
                RatisQuorum quorum = running.get(nodeId);
                return quorum == null ? null : quorum.raftBindAddress();
              });
      doors.put(nodeId, door);
      addresses.add(new VoterAddress(nodeId, "localhost", door.port()));
    }
  }

  TestVoters tuned(UnaryOperator<QuorumConfig> newTuning) {
    tuning = newTuning;
    return this;
  }

  RatisQuorum start(int nodeId) {
    return start(nodeId, addresses);
  }

  RatisQuorum start(int nodeId, List<VoterAddress> voters) {
    QuorumConfig config =
        QuorumConfig.of(nodeId, directory(nodeId), voters)
            .withTiming(QuorumConfig.Timing.PRODUCTION);
    RatisQuorum quorum =
        new RatisQuorum(
            tuning.apply(config), this, (what, cause) -> fatal.add(nodeId + ": " + what));
    running.put(nodeId, quorum);
    quorum.start().exceptionally(failure -> null);
    return quorum;
  }

  List<VoterAddress> addresses() {
    return addresses;
  }

  void startAll() {
    addresses.forEach(voter -> start(voter.nodeId()));
  }

  RatisQuorum voter(int nodeId) {
    return Objects.requireNonNull(running.get(nodeId), () -> "voter " + nodeId + " does not run");
  }

  SpliceProxy door(int nodeId) {
    return Objects.requireNonNull(doors.get(nodeId), () -> "no voter " + nodeId);
  }

  void stop(int nodeId) {
    RatisQuorum quorum = running.remove(nodeId);
    if (quorum != null) {
      quorum.close();
    }
  }

  void stopAll() {
    List.copyOf(running.keySet()).forEach(this::stop);
  }

  Path directory(int nodeId) {
    return root.resolve("node-" + nodeId);
  }

  /** Where Ratis keeps the log of a voter. */
  Path log(int nodeId) {
    return RaftNode.groupDirectory(directory(nodeId).resolve("raft")).resolve("current");
  }

  void wipe(int nodeId) throws IOException {
    try (Stream<Path> paths = Files.walk(directory(nodeId))) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  int awaitLeader() {
    int[] leader = {-1};
    await(
        "a leader",
        () -> {
          running.forEach((nodeId, quorum) -> leader[0] = quorum.isLeader() ? nodeId : leader[0]);
          return leader[0] >= 0;
        });
    return leader[0];
  }

  /** Puts through whichever voter leads, however often leadership moves meanwhile. */
  KvResult put(String key, String value) {
    KvCommand command = putCommand(key, value, 0);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      RatisQuorum leader = voter(awaitLeader());
      try {
        KvResult result =
            leader
                .propose(command.toBuilder().setTerm(leader.status().term()).build())
                .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (result.getStatus() != KvResult.Status.FENCED) {
          return result;
        }
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof NotLeaderException
            || e.getCause() instanceof OutcomeUnknownException)) {
          throw new AssertionError(e);
        }
      } catch (InterruptedException | TimeoutException e) {
        throw new AssertionError(e);
      }
      assertThat(System.nanoTime()).as("gave up putting %s", key).isLessThan(deadline);
    }
  }

  static KvCommand putCommand(String key, String value, long term) {
    return KvCommand.newBuilder()
        .setTerm(term)
        .setRequestId(ByteString.copyFromUtf8(key + "=" + value))
        .setTxn(
            Txn.newBuilder()
                .addSuccess(
                    Op.newBuilder()
                        .setPut(
                            Put.newBuilder().setKey(key).setValue(ByteString.copyFromUtf8(value)))))
        .build();
  }

  @Nullable String get(int nodeId, String key) {
    KvEntry entry = voter(nodeId).view().get(key);
    return entry == null ? null : entry.getValue().toStringUtf8();
  }

  void awaitValue(int nodeId, String key, String value) {
    await(key + "=" + value + " on voter " + nodeId, () -> value.equals(get(nodeId, key)));
  }

  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited in vain for " + what).isLessThan(deadline);
      LockSupport.parkNanos(5_000_000);
    }
  }

  @Override
  public CompletableFuture<VoterStatus> probe(VoterAddress voter) {
    RatisQuorum quorum = running.get(voter.nodeId());
    return quorum == null
        ? CompletableFuture.failedFuture(new IOException("down"))
        : CompletableFuture.completedFuture(quorum.voterStatus());
  }

  @Override
  public CompletableFuture<JoinAnswer> join(VoterAddress voter, JoinRequest request) {
    RatisQuorum quorum = running.get(voter.nodeId());
    return quorum == null
        ? CompletableFuture.failedFuture(new IOException("down"))
        : quorum.admit(request);
  }

  @Override
  public Line keepLine(VoterAddress voter, Runnable gone) {
    KeptLine line = new KeptLine(voter.nodeId(), gone);
    lines.add(line);
    return () -> lines.remove(line);
  }

  /** The lines to the voter find nobody: its process is gone. */
  void tellGone(int nodeId) {
    lines.stream().filter(line -> line.to == nodeId).forEach(line -> line.gone.run());
  }

  private record KeptLine(int to, Runnable gone) {}

  @Override
  public void close() {
    try {
      CompletableFuture.allOf(
              running.values().stream().map(RatisQuorum::stop).toArray(CompletableFuture<?>[]::new))
          .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new UncheckedIOException(new IOException(e));
    } finally {
      doors.values().forEach(SpliceProxy::close);
    }
  }
}
