package io.millrace.metadata.publish;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.metadata.network.RequestCodec;
import io.millrace.metadata.network.ResponseReader;
import io.millrace.metadata.network.VoterConnection;
import io.millrace.metadata.network.proto.Response;
import io.millrace.metadata.request.ControllerRequest;
import io.millrace.metadata.request.ControllerResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the active controller and asks it, again and elsewhere until there is an answer or no time.
 */
@ConfinedTo("the metadata client's loop")
final class ControllerCalls {

  private static final Logger LOG = LoggerFactory.getLogger(ControllerCalls.class);
  private static final long RETRY_NANOS = 40_000_000L;
  private static final long ATTEMPT_NANOS = 3_000_000_000L;

  private final VoterConnections connections;
  private final EventLoop loop;
  private final Clock clock;
  private final IntSupplier hint;
  private volatile int controllerId = -1;
  private int rotation;

  /**
   * @param hint who may lead, when nothing better is known
   */
  ControllerCalls(VoterConnections connections, EventLoop loop, Clock clock, IntSupplier hint) {
    this.connections = connections;
    this.loop = loop;
    this.clock = clock;
    this.hint = hint;
  }

  /** Any thread. */
  int controllerId() {
    return controllerId;
  }

  /** An answer with the revision that shows its effect. */
  record Answer<R>(R response, long revision) {}

  /** Asks until there is an answer; the future completes on the loop. */
  <R extends ControllerResponse> CompletableFuture<Answer<R>> ask(
      ControllerRequest<R> request, long timeoutNanos) {
    Call<R> call = new Call<>(request, clock.monotonicNanos() + timeoutNanos);
    attempt(call);
    return call.answer;
  }

  private void attempt(Call<?> call) {
    long left = call.deadline - clock.monotonicNanos();
    if (left <= 0) {
      call.answer.completeExceptionally(
          new TimeoutException(
              "no controller answered "
                  + call.request.getClass().getSimpleName()
                  + ", last: "
                  + call.lastFailure));
      return;
    }
    int target = target();
    connections
        .to(target)
        .thenCompose(connection -> send(connection, call, Math.min(left, ATTEMPT_NANOS)))
        .whenComplete(
            (response, error) -> {
              if (!loop.tryExecute(() -> answered(call, target, response, error))) {
                call.answer.completeExceptionally(
                    new IllegalStateException("the metadata client is closed or overloaded"));
              }
            });
  }

  private static CompletableFuture<Response> send(
      VoterConnection connection, Call<?> call, long timeoutNanos) {
    return connection.call(RequestCodec.encode(call.request), timeoutNanos);
  }

  private int target() {
    if (controllerId >= 0 && connections.knows(controllerId)) {
      return controllerId;
    }
    return connections.voters().get(Math.floorMod(rotation, connections.voters().size())).nodeId();
  }

  private void answered(
      Call<?> call, int target, @Nullable Response response, @Nullable Throwable error) {
    if (response != null && !response.hasUnavailable()) {
      controllerId = target;
      call.complete(response);
      return;
    }
    if (response != null) {
      call.lastFailure = "voter " + target + ": " + response.getUnavailable().getReason();
      int leader = response.getUnavailable().getLeaderId();
      lookElsewhere(target, leader);
    } else {
      call.lastFailure = "voter " + target + ": " + error;
      lookElsewhere(target, hint.getAsInt());
    }
    LOG.debug(
        "Asking again, request={} because={}",
        call.request.getClass().getSimpleName(),
        call.lastFailure);
    loop.schedule(() -> attempt(call), RETRY_NANOS);
  }

  /** Another call may have found the controller meanwhile: then that stays. */
  private void lookElsewhere(int failed, int leader) {
    if (controllerId >= 0 && controllerId != failed) {
      return;
    }
    if (leader >= 0 && leader != failed && connections.knows(leader)) {
      controllerId = leader;
    } else {
      controllerId = -1;
      rotation++;
    }
  }

  private static final class Call<R extends ControllerResponse> {
    final ControllerRequest<R> request;
    final long deadline;
    final CompletableFuture<Answer<R>> answer = new CompletableFuture<>();
    String lastFailure = "nothing tried";

    Call(ControllerRequest<R> request, long deadline) {
      this.request = request;
      this.deadline = deadline;
    }

    @SuppressWarnings(
        "unchecked") // a request's answer is of its own kind, or the voter is not of ours
    void complete(Response response) {
      try {
        answer.complete(new Answer<>((R) ResponseReader.decode(response), response.getRevision()));
      } catch (IllegalArgumentException malformed) {
        answer.completeExceptionally(malformed);
      }
    }
  }
}
