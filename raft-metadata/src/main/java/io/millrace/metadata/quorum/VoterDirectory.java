package io.millrace.metadata.quorum;

import io.millrace.metadata.quorum.proto.JoinAnswer;
import io.millrace.metadata.quorum.proto.JoinRequest;
import io.millrace.metadata.quorum.proto.VoterStatus;
import java.util.concurrent.CompletableFuture;

/**
 * How a voter reaches the other configured voters beside Ratis: over their controller ports. The
 * other end answers with {@code RatisQuorum.voterStatus()} and {@code RatisQuorum.admit(request)}.
 *
 * <p>Thread-safe. Futures fail when the other side does not answer in a time of the
 * implementation's choice (a few seconds for a probe, a minute for a join).
 */
public interface VoterDirectory {

  /** Asks a voter what it is part of. */
  CompletableFuture<VoterStatus> probe(VoterAddress voter);

  /** Asks a voter to add the sender to the quorum. */
  CompletableFuture<JoinAnswer> join(VoterAddress voter, JoinRequest request);

  /**
   * Keeps a connection to a voter until it is closed.
   *
   * @param gone called from any thread whenever the voter's port refuses connections, which says
   *     that no process has it open. Silence, and an address that cannot be reached, say nothing.
   */
  Line keepLine(VoterAddress voter, Runnable gone);

  /** A connection that is kept. */
  interface Line extends AutoCloseable {
    @Override
    void close();
  }
}
