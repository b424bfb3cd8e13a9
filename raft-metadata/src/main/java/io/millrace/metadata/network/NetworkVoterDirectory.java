package io.millrace.metadata.network;

import io.millrace.metadata.network.proto.ProbeCall;
import io.millrace.metadata.network.proto.Request;
import io.millrace.metadata.network.proto.Response;
import io.millrace.metadata.quorum.VoterAddress;
import io.millrace.metadata.quorum.VoterDirectory;
import io.millrace.metadata.quorum.proto.JoinAnswer;
import io.millrace.metadata.quorum.proto.JoinRequest;
import io.millrace.metadata.quorum.proto.VoterStatus;
import io.millrace.protocol.network.NetworkLoops;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Asks other voters over their controller ports, one connection for each question. Thread-safe. */
public final class NetworkVoterDirectory implements VoterDirectory {

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(3);
  private static final Duration JOIN_TIMEOUT = Duration.ofSeconds(60);

  private final NetworkLoops loops;

  public NetworkVoterDirectory(NetworkLoops loops) {
    this.loops = loops;
  }

  @Override
  public CompletableFuture<VoterStatus> probe(VoterAddress voter) {
    return ask(voter, Request.newBuilder().setProbe(ProbeCall.getDefaultInstance()), PROBE_TIMEOUT)
        .thenApply(Response::getProbe);
  }

  @Override
  public CompletableFuture<JoinAnswer> join(VoterAddress voter, JoinRequest request) {
    return ask(voter, Request.newBuilder().setJoin(request), JOIN_TIMEOUT)
        .thenApply(
            response -> {
              if (!response.hasJoin()) {
                throw new IllegalStateException(
                    "voter "
                        + voter
                        + " could not admit: "
                        + response.getUnavailable().getReason());
              }
              return response.getJoin();
            });
  }

  @Override
  public Line keepLine(VoterAddress voter, Runnable gone) {
    VoterLine line = new VoterLine(loops, voter, gone);
    line.connect();
    return line;
  }

  private CompletableFuture<Response> ask(
      VoterAddress voter, Request.Builder request, Duration timeout) {
    return VoterConnection.connect(loops, voter, CONNECT_TIMEOUT)
        .thenCompose(
            connection ->
                connection
                    .call(request, timeout.toNanos())
                    .whenComplete((response, error) -> connection.close()));
  }
}
