package io.millrace.client.cluster;

import io.millrace.client.BrokerInfo;
import io.millrace.client.MillraceException;
import io.millrace.client.network.Failures;
import io.millrace.client.network.LinkUse;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.FindCoordinatorRequest;
import io.millrace.protocol.message.FindCoordinatorResponse;
import io.millrace.protocol.message.FindCoordinatorResponse.Coordinator;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the coordinator of a group and sends requests to it. Remembers who it is until a request
 * fails on the way, or {@link #note} is told of an answer that says that it is somebody else.
 * Several callers who ask for the same group at once share one question. Does not repeat anything:
 * the caller has a deadline and a backoff, this class has not. So an operation on a group is
 *
 * <pre>
 *   Attempts.run(cluster, "describeGroup", timeoutNanos, () -&gt;
 *       coordinators
 *           .send(groupId, request, Short.MAX_VALUE, cluster.config().requestTimeout().toNanos())
 *           .thenApply(answer -&gt; {
 *             ErrorCode error = ErrorCode.forCode(((XResponse) answer).errorCode());
 *             coordinators.note(groupId, error);      // forgets who moved, or is not it
 *             if (error != ErrorCode.NONE) {
 *               throw new MillraceException(error, "...");  // retriable ones are tried again
 *             }
 *             return ...;
 *           }));
 * </pre>
 *
 * <p>Asks with FindCoordinator 4 or newer (KIP-699), which every broker since Kafka 3.0 speaks.
 * Requests to a coordinator have a connection of their own, so that a commit that waits for
 * replicas holds up nothing else.
 */
@ConfinedTo("the client's loop")
public final class CoordinatorLookup {

  private static final Logger LOG = LoggerFactory.getLogger(CoordinatorLookup.class);
  private static final byte GROUP = 0;

  private final ClusterClient cluster;
  private final Map<String, BrokerInfo> known = new HashMap<>();
  private final Map<String, CompletableFuture<BrokerInfo>> asking = new HashMap<>();

  public CoordinatorLookup(ClusterClient cluster) {
    this.cluster = cluster;
  }

  /** Whether an answer with this error says that another broker is to be asked. */
  public static boolean isElsewhere(ErrorCode error) {
    return error == ErrorCode.NOT_COORDINATOR || error == ErrorCode.COORDINATOR_NOT_AVAILABLE;
  }

  /**
   * The group's coordinator, remembered or asked for. Fails with what the broker said, such as
   * {@code COORDINATOR_NOT_AVAILABLE}, which is retriable.
   */
  public CompletableFuture<BrokerInfo> find(String groupId) {
    assert cluster.loop().owns("find");
    BrokerInfo remembered = known.get(groupId);
    if (remembered != null) {
      return CompletableFuture.completedFuture(remembered);
    }
    CompletableFuture<BrokerInfo> under = asking.get(groupId);
    if (under == null) {
      under = new CompletableFuture<>();
      asking.put(groupId, under);
      ask(groupId, under);
    }
    return under.copy();
  }

  /**
   * Sends a request to the group's coordinator in the highest version that both sides speak, at
   * most {@code maxVersion}. Forgets the coordinator when the request fails on the way.
   */
  public CompletableFuture<ResponseMessage> send(
      String groupId, RequestMessage request, short maxVersion, long timeoutNanos) {
    return find(groupId)
        .thenCompose(
            coordinator ->
                cluster
                    .sendTo(coordinator, LinkUse.COORDINATOR, request, maxVersion, timeoutNanos)
                    .whenComplete(
                        (answer, failure) -> {
                          if (failure != null && isBroken(Failures.of(failure))) {
                            forget(groupId, coordinator);
                          }
                        }));
  }

  /** Takes note of an answer's error: forgets the coordinator when that is no longer the one. */
  public void note(String groupId, ErrorCode error) {
    assert cluster.loop().owns("note");
    if (isElsewhere(error)) {
      BrokerInfo gone = known.remove(groupId);
      LOG.debug("coordinator moved group={} from={} error={}", groupId, gone, error);
    }
  }

  private void forget(String groupId, BrokerInfo coordinator) {
    if (known.remove(groupId, coordinator)) {
      LOG.debug("coordinator unreachable group={} broker={}", groupId, coordinator);
    }
  }

  private static boolean isBroken(MillraceException failure) {
    return failure.error() != ErrorCode.UNSUPPORTED_VERSION;
  }

  private void ask(String groupId, CompletableFuture<BrokerInfo> result) {
    FindCoordinatorRequest request =
        FindCoordinatorRequest.builder().keyType(GROUP).coordinatorKeys(List.of(groupId)).build();
    cluster
        .askAny(request, cluster.config().requestTimeout().toNanos())
        .whenComplete(
            (answer, failure) -> {
              asking.remove(groupId);
              MillraceException refused =
                  failure == null ? take(groupId, answer) : Failures.of(failure);
              BrokerInfo found = known.get(groupId);
              if (refused == null && found != null) {
                result.complete(found);
              } else {
                result.completeExceptionally(refused == null ? Failures.closed() : refused);
              }
            });
  }

  private @Nullable MillraceException take(String groupId, @Nullable ResponseMessage answer) {
    if (!(answer instanceof FindCoordinatorResponse response)
        || response.coordinators().isEmpty()) {
      return new MillraceException(
          ErrorCode.UNKNOWN_SERVER_ERROR,
          "the broker's answer leaves out the coordinator of group '" + groupId + "'");
    }
    Coordinator found = response.coordinators().get(0);
    ErrorCode error = ErrorCode.forCode(found.errorCode());
    if (error != ErrorCode.NONE) {
      String why = found.errorMessage();
      return new MillraceException(
          error,
          "no coordinator of group '" + groupId + "': " + (why == null ? error.message() : why));
    }
    known.put(groupId, new BrokerInfo(found.nodeId(), found.host(), found.port(), null));
    return null;
  }
}
