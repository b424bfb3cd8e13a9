package io.millrace.metadata.publish;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.metadata.image.ImageListener;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.quorum.VoterAddress;
import io.millrace.metadata.request.AllocateProducerIds;
import io.millrace.metadata.request.AlterPartition;
import io.millrace.metadata.request.ControlledShutdown;
import io.millrace.metadata.request.ControllerRequest;
import io.millrace.metadata.request.ControllerResponse;
import io.millrace.metadata.request.DescribeQuorum;
import io.millrace.metadata.request.RegisterBroker;
import io.millrace.protocol.network.NetworkLoops;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link MetadataClient} over the voters' controller ports, also for a broker that is a voter
 * itself. Puts together {@link ImageFollower}, {@link ControllerCalls} and {@link SessionKeeper},
 * which share one loop and one connection for each voter.
 */
public final class RemoteMetadataClient implements MetadataClient {

  private static final Logger LOG = LoggerFactory.getLogger(RemoteMetadataClient.class);
  private static final long OWN_CALL_NANOS = 10_000_000_000L;
  private static final long LEAVE_MILLIS = 1_500;

  private final int nodeId;
  private final EventLoop loop;
  private final Clock clock;
  private final VoterConnections connections;
  private final ImageFollower follower;
  private final ControllerCalls calls;
  private final SessionKeeper session;

  /**
   * @param nodeId this broker
   * @param voters the one to follow as a rule first: a voter in the same process, if there is one
   * @param loop runs the client and its listeners; closed by whoever made it, after this client
   * @param sessionTimeout the controllers' session time
   */
  public RemoteMetadataClient(
      int nodeId,
      List<VoterAddress> voters,
      NetworkLoops network,
      EventLoop loop,
      Clock clock,
      Duration sessionTimeout) {
    this.nodeId = nodeId;
    this.loop = loop;
    this.clock = clock;
    this.connections = new VoterConnections(network, loop, voters, this::connectionBroken);
    this.follower = new ImageFollower(connections, loop, clock);
    this.calls = new ControllerCalls(connections, loop, clock, follower::leaderHint);
    this.session =
        new SessionKeeper(calls, loop, clock, () -> follower.image().revision(), sessionTimeout);
  }

  /** Begins to follow the metadata. Call once. */
  public void start() {
    loop.execute(follower::start);
  }

  @Override
  public MetadataImage image() {
    return follower.image();
  }

  @Override
  public void addListener(ImageListener listener) {
    loop.execute(() -> follower.addListener(listener));
  }

  @Override
  public void removeListener(ImageListener listener) {
    loop.execute(() -> follower.removeListener(listener));
  }

  @Override
  public CompletableFuture<Long> register(RegisterBroker registration) {
    if (registration.brokerId() != nodeId) {
      throw new IllegalArgumentException(
          "broker " + registration.brokerId() + " is not node " + nodeId);
    }
    return onLoop(() -> session.register(registration));
  }

  @Override
  public long brokerEpoch() {
    return session.epoch();
  }

  @Override
  public boolean leaseValid() {
    return session.leaseValid();
  }

  @Override
  public <R extends ControllerResponse> CompletableFuture<R> send(
      ControllerRequest<R> request, long timeoutNanos) {
    long deadline = clock.monotonicNanos() + timeoutNanos;
    return onLoop(
        () ->
            calls
                .ask(request, timeoutNanos)
                .thenCompose(
                    answer ->
                        follower
                            .reached(answer.revision(), deadline)
                            .thenApply(reached -> answer.response())));
  }

  @Override
  public CompletableFuture<AlterPartition.Response> alterPartition(
      List<AlterPartition.IsrChange> changes) {
    return send(new AlterPartition(nodeId, brokerEpoch(), changes), OWN_CALL_NANOS);
  }

  @Override
  public CompletableFuture<AllocateProducerIds.Response> allocateProducerIds() {
    return send(new AllocateProducerIds(nodeId, brokerEpoch()), OWN_CALL_NANOS);
  }

  @Override
  public CompletableFuture<ControlledShutdown.Response> controlledShutdown() {
    return send(new ControlledShutdown(nodeId, brokerEpoch()), OWN_CALL_NANOS);
  }

  @Override
  public CompletableFuture<QuorumStatus> describeQuorum() {
    return send(new DescribeQuorum(), OWN_CALL_NANOS).thenApply(DescribeQuorum.Response::status);
  }

  @Override
  public @Nullable Integer controllerId() {
    int known = calls.controllerId();
    int id = known >= 0 ? known : follower.leaderHint();
    return id >= 0 ? id : null;
  }

  /** Blocks for up to a second and a half while the controller is told. Not on an event loop. */
  @Override
  public void close() {
    try {
      onLoop(session::leave).get(LEAVE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException notTold) {
      LOG.info(
          "Left without telling the controller, broker={} cause={}", nodeId, notTold.toString());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    try {
      loop.execute(
          () -> {
            follower.close();
            connections.close();
          });
    } catch (RejectedExecutionException alreadyClosed) {
      LOG.debug("The client's loop is closed already, broker={}", nodeId);
    }
  }

  private void connectionBroken(int voter) {
    follower.connectionBroken(voter);
    if (voter == calls.controllerId()) {
      session.controllerLost();
    }
  }

  private <T> CompletableFuture<T> onLoop(Supplier<CompletableFuture<T>> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    boolean accepted =
        loop.tryExecute(
            () ->
                work.get()
                    .whenComplete(
                        (value, error) -> {
                          if (error == null) {
                            result.complete(value);
                          } else {
                            result.completeExceptionally(error);
                          }
                        }));
    if (!accepted) {
      result.completeExceptionally(
          new RejectedExecutionException("the metadata client is closed or overloaded"));
    }
    return result;
  }
}
