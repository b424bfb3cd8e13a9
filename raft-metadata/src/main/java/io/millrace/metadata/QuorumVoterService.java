package io.millrace.metadata;

import io.millrace.metadata.controller.Controller;
import io.millrace.metadata.kv.MetadataLog;
import io.millrace.metadata.network.VoterService;
import io.millrace.metadata.quorum.RatisQuorum;
import io.millrace.metadata.quorum.proto.JoinAnswer;
import io.millrace.metadata.quorum.proto.JoinRequest;
import io.millrace.metadata.quorum.proto.VoterStatus;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A voter's quorum and controller behind its port. */
record QuorumVoterService(RatisQuorum quorum, Controller controller) implements VoterService {

  @Override
  public @Nullable InetSocketAddress raftAddress() {
    return quorum.raftBindAddress();
  }

  @Override
  public VoterStatus voterStatus() {
    return quorum.voterStatus();
  }

  @Override
  public CompletableFuture<JoinAnswer> admit(JoinRequest request) {
    return quorum.admit(request);
  }

  @Override
  public MetadataLog log() {
    return quorum;
  }
}
