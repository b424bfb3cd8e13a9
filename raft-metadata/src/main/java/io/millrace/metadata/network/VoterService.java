package io.millrace.metadata.network;

import io.millrace.metadata.controller.Controller;
import io.millrace.metadata.kv.MetadataLog;
import io.millrace.metadata.quorum.proto.JoinAnswer;
import io.millrace.metadata.quorum.proto.JoinRequest;
import io.millrace.metadata.quorum.proto.VoterStatus;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a voter has behind its controller port. Thread-safe; called on network threads, hence
 * nothing here blocks.
 */
public interface VoterService {

  /** Where Ratis listens, for connections that speak HTTP/2; null while it does not. */
  @Nullable InetSocketAddress raftAddress();

  /** The answer to a probe. */
  VoterStatus voterStatus();

  /** The answer to a voter that wants to join. */
  CompletableFuture<JoinAnswer> admit(JoinRequest request);

  /** The metadata, for those who follow it. */
  MetadataLog log();

  /** Carries out requests when it is active. */
  Controller controller();
}
