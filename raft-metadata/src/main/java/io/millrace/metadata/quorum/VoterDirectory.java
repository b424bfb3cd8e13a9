package io.millrace.metadata.quorum;

import io.millrace.metadata.quorum.proto.JoinAnswer;
import io.millrace.metadata.quorum.proto.JoinRequest;
import io.millrace.metadata.quorum.proto.VoterStatus;
import java.util.concurrent.CompletableFuture;

/**
 * How a voter that is not yet a member reaches the other configured voters: over their controller
 * ports. The other end answers with {@code RatisQuorum.voterStatus()} and {@code
 * RatisQuorum.admit(request)}.
 *
 * <p>Thread-safe. Futures fail when the other side does not answer in a time of the
 * implementation's choice (a few seconds for a probe, a minute for a join).
 */
public interface VoterDirectory {

  /** Asks a voter what it is part of. */
  CompletableFuture<VoterStatus> probe(VoterAddress voter);

  /** Asks a voter to add the sender to the quorum. */
  CompletableFuture<JoinAnswer> join(VoterAddress voter, JoinRequest request);
}
