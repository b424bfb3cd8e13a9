package io.millrace.metadata.quorum;

import java.util.EnumSet;
import org.apache.ratis.grpc.server.GrpcServices;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.ReadIndexRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import org.apache.ratis.thirdparty.io.grpc.Metadata;
import org.apache.ratis.thirdparty.io.grpc.ServerCall;
import org.apache.ratis.thirdparty.io.grpc.ServerCallHandler;
import org.apache.ratis.thirdparty.io.grpc.ServerInterceptor;
import org.apache.ratis.thirdparty.io.grpc.Status;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyServerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Refuses what is meant for another life of this node. A voter that lost its disk comes back under
 * the same address, and Ratis checks the group of a request but not the peer it is addressed to:
 * without this the new life would take the heartbeats and entries of the old one, seem alive in its
 * place, and answer for a log that it does not have.
 *
 * <p>Runs on gRPC's threads.
 */
final class IdentityCheck implements ServerInterceptor, GrpcServices.Customizer {

  private final ByteString self;

  IdentityCheck(RaftPeerId self) {
    this.self = self.toByteString();
  }

  @Override
  public NettyServerBuilder customize(
      NettyServerBuilder builder, EnumSet<GrpcServices.Type> types) {
    return builder.intercept(this);
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    return new SimpleForwardingServerCallListener<Q>(next.startCall(call, headers)) {
      private boolean refused;

      @Override
      public void onMessage(Q message) {
        ByteString addressee = addresseeOf(message);
        if (refused) {
          return;
        }
        if (addressee == null || addressee.equals(self)) {
          super.onMessage(message);
          return;
        }
        refused = true;
        call.close(
            Status.FAILED_PRECONDITION.withDescription(
                "this is " + self.toStringUtf8() + ", not " + addressee.toStringUtf8()),
            new Metadata());
        super.onCancel();
      }

      @Override
      public void onHalfClose() {
        if (!refused) {
          super.onHalfClose();
        }
      }
    };
  }

  /** Whom a request between voters is meant for; null for what has no addressee. */
  private static @Nullable ByteString addresseeOf(Object message) {
    if (message instanceof AppendEntriesRequestProto append) {
      return append.getServerRequest().getReplyId();
    }
    if (message instanceof RequestVoteRequestProto vote) {
      return vote.getServerRequest().getReplyId();
    }
    if (message instanceof InstallSnapshotRequestProto snapshot) {
      return snapshot.getServerRequest().getReplyId();
    }
    if (message instanceof ReadIndexRequestProto read) {
      return read.getServerRequest().getReplyId();
    }
    if (message instanceof StartLeaderElectionRequestProto election) {
      return election.getServerRequest().getReplyId();
    }
    return null;
  }
}
