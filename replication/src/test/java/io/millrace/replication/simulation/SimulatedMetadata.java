package io.millrace.replication.simulation;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.metadata.image.BrokerStorage;
import io.millrace.metadata.image.Endpoint;
import io.millrace.metadata.image.ImageListener;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.kv.KvView;
import io.millrace.metadata.kv.MetadataLog;
import io.millrace.metadata.kv.MetadataLogListener;
import io.millrace.metadata.kv.proto.KvDelta;
import io.millrace.metadata.record.ImageReplay;
import io.millrace.metadata.request.AlterPartition;
import io.millrace.metadata.request.Heartbeat;
import io.millrace.metadata.request.RegisterBroker;
import io.millrace.metadata.request.ReportStorage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.replication.StorageKeeper;
import io.millrace.replication.leader.IsrAnswer;
import io.millrace.replication.leader.IsrProposal;
import io.millrace.replication.leader.IsrProposer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/**
 * A broker's view of the metadata in one life: follows it with a delay, registers, sends
 * heartbeats, proposes ISRs.
 */
final class SimulatedMetadata implements IsrProposer, StorageKeeper.Reporter {

  static final long SESSION_NANOS = 2_000_000_000L;
  private static final long BEAT_NANOS = 250_000_000L;

  private final Life life;
  private final SimulatedQuorumSide quorum;
  private final EventLoop loop;
  private final Clock clock;
  private final Uuid incarnation;
  private final MetadataLog.Subscription subscription;
  private final ImageListener listener;
  private MetadataImage image = MetadataImage.EMPTY;
  private long epoch = -1;
  private long leaseFrom = Long.MIN_VALUE;

  SimulatedMetadata(
      Life life,
      SimulatedQuorumSide quorum,
      EventLoop loop,
      Clock clock,
      Uuid incarnation,
      ImageListener listener) {
    this.life = life;
    this.quorum = quorum;
    this.loop = loop;
    this.clock = clock;
    this.incarnation = incarnation;
    this.listener = listener;
    this.subscription = quorum.follow(life.node, new Follower());
    beat();
  }

  void close() {
    subscription.close();
  }

  MetadataImage image() {
    return image;
  }

  long brokerEpoch() {
    return epoch;
  }

  boolean leaseValid() {
    return leaseFrom != Long.MIN_VALUE
        && clock.monotonicNanos() - leaseFrom < SESSION_NANOS * 2 / 3;
  }

  private void beat() {
    long sent = clock.monotonicNanos();
    if (epoch < 0) {
      RegisterBroker request =
          new RegisterBroker(
              life.node,
              incarnation,
              new Uuid(7, life.node),
              null,
              List.of(new Endpoint("P", "h", 1, "PLAINTEXT")));
      quorum
          .ask(life, request)
          .thenAccept(
              r -> {
                if (r.result().isOk() && life.alive) {
                  epoch = r.epoch();
                }
              });
    } else {
      Heartbeat request = new Heartbeat(life.node, epoch, image.revision(), false);
      quorum
          .ask(life, request)
          .thenAccept(
              r -> {
                if (r.result().isOk()) {
                  leaseFrom = Math.max(leaseFrom, sent);
                } else if (r.result().error() != ErrorCode.NONE) {
                  epoch = -1;
                }
              });
    }
    loop.schedule(this::beat, BEAT_NANOS);
  }

  @Override
  public CompletableFuture<IsrAnswer> propose(IsrProposal proposal) {
    List<AlterPartition.Member> members =
        proposal.isr().stream()
            .map(m -> new AlterPartition.Member(m.brokerId(), m.brokerEpoch()))
            .toList();
    AlterPartition request =
        new AlterPartition(
            life.node,
            epoch,
            List.of(
                new AlterPartition.IsrChange(
                    proposal.partition().topicId(),
                    proposal.partition().partition(),
                    proposal.leaderEpoch(),
                    proposal.partitionEpoch(),
                    members)));
    return quorum
        .ask(life, request)
        .thenApply(
            response -> {
              if (!response.result().isOk()) {
                return IsrAnswer.refused(response.result().error());
              }
              AlterPartition.PartitionResult result = response.partitions().get(0);
              return new IsrAnswer(
                  result.result().error(),
                  result.leaderEpoch(),
                  result.partitionEpoch(),
                  result.isr());
            });
  }

  @Override
  public CompletableFuture<Void> report(long brokerEpoch, BrokerStorage storage) {
    return quorum
        .ask(life, new ReportStorage(life.node, brokerEpoch, storage))
        .thenAccept(
            result -> {
              if (!result.isOk()) {
                throw new IllegalStateException(result.message());
              }
            });
  }

  private final class Follower implements MetadataLogListener {
    @Override
    public void onApplied(KvDelta delta) {
      onLoop(() -> take(ImageReplay.step(image, delta)));
    }

    @Override
    public void onSnapshot(KvView view) {
      onLoop(() -> take(ImageReplay.step(image, view)));
    }

    private void take(ImageReplay.Step step) {
      image = step.image();
      listener.onImage(step.delta(), step.image());
    }

    private void onLoop(Runnable task) {
      try {
        loop.execute(task);
      } catch (RejectedExecutionException e) {
        subscription.close();
      }
    }
  }
}
