package io.millrace.metadata.publish;

import io.millrace.metadata.image.ImageListener;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.request.AllocateProducerIds;
import io.millrace.metadata.request.AlterPartition;
import io.millrace.metadata.request.ControlledShutdown;
import io.millrace.metadata.request.ControllerRequest;
import io.millrace.metadata.request.ControllerResponse;
import io.millrace.metadata.request.RegisterBroker;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a broker knows of the cluster and asks of its controller. It finds the active controller
 * among the voters, follows it over failures, and keeps the broker's session alive once it is
 * registered.
 *
 * <p>Thread-safe. Futures complete on the client's event loop: hop before doing anything long.
 */
public interface MetadataClient extends AutoCloseable {

  /** The newest image. Wait-free; never goes back. */
  MetadataImage image();

  /**
   * Adds a listener, which is told the difference from {@link MetadataImage#EMPTY} to the present
   * image first, then every change.
   */
  void addListener(ImageListener listener);

  /** Removes a listener; it may still be in a call that began before. */
  void removeListener(ImageListener listener);

  /**
   * Registers this broker, keeps its session alive from then on and registers again, under a new
   * epoch, when the session was lost. Completes with the first broker epoch; retries for as long as
   * the controller cannot be reached, and fails only on a refusal that trying again will not
   * change.
   */
  CompletableFuture<Long> register(RegisterBroker registration);

  /** The epoch of the present registration, or -1. Wait-free. */
  long brokerEpoch();

  /**
   * Whether this broker may still act as the leader of anything: false once two thirds of the
   * session's time have passed without an answer from the controller. Wait-free; read it before
   * acknowledging.
   */
  boolean leaseValid();

  /**
   * Asks the active controller, retrying at another voter until the timeout. A request that changed
   * something completes after {@link #image()} shows the change. A retry after a lost answer may
   * meet its own effect (TOPIC_ALREADY_EXISTS).
   *
   * @return fails with {@link java.util.concurrent.TimeoutException} when no controller answered in
   *     time
   */
  <R extends ControllerResponse> CompletableFuture<R> send(
      ControllerRequest<R> request, long timeoutNanos);

  /** {@link #send} under this broker's id and epoch. */
  CompletableFuture<AlterPartition.Response> alterPartition(List<AlterPartition.IsrChange> changes);

  /** {@link #send} under this broker's id and epoch. */
  CompletableFuture<AllocateProducerIds.Response> allocateProducerIds();

  /** {@link #send} under this broker's id and epoch. */
  CompletableFuture<ControlledShutdown.Response> controlledShutdown();

  /** The metadata quorum as the active controller sees it. */
  CompletableFuture<QuorumStatus> describeQuorum();

  /** The voter that is believed to be the active controller, or null. Wait-free. */
  @Nullable Integer controllerId();

  /** Ends the session: the controller fences this broker at once. */
  @Override
  void close();
}
