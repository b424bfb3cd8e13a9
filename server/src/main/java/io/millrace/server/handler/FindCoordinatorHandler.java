package io.millrace.server.handler;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.FindCoordinatorRequest;
import io.millrace.protocol.message.FindCoordinatorResponse;
import io.millrace.protocol.message.FindCoordinatorResponse.Coordinator;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * There are no coordinators yet. For groups the answer is the retriable one, because a consumer
 * that reads partitions assigned by hand works on with it; for transactions one that ends the
 * attempt at once and says why.
 */
final class FindCoordinatorHandler implements RequestHandler<FindCoordinatorRequest> {
  private static final short FIRST_BATCHED = 4;
  private static final byte GROUP = 0;
  private static final byte TRANSACTION = 1;
  private static final byte SHARE = 2;

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, FindCoordinatorRequest request) {
    ErrorCode error = error(request.keyType());
    String message = message(request.keyType());
    FindCoordinatorResponse.Builder response = FindCoordinatorResponse.builder();
    if (context.version() < FIRST_BATCHED) {
      response.errorCode(error.code()).errorMessage(message).nodeId(-1).host("").port(-1);
    } else {
      List<Coordinator> coordinators = new ArrayList<>();
      for (String key : request.coordinatorKeys()) {
        coordinators.add(new Coordinator(key, -1, "", -1, error.code(), message));
      }
      response.coordinators(coordinators);
    }
    return CompletableFuture.completedFuture(Reply.of(response.build()));
  }

  private static ErrorCode error(byte keyType) {
    return keyType == GROUP || keyType == SHARE
        ? ErrorCode.COORDINATOR_NOT_AVAILABLE
        : ErrorCode.INVALID_REQUEST;
  }

  private static String message(byte keyType) {
    if (keyType == TRANSACTION) {
      return "transactions are not implemented yet";
    }
    return keyType == GROUP || keyType == SHARE
        ? "groups are not implemented yet: assign partitions by hand"
        : "key type " + keyType + " is not known, expected 0 to 2";
  }
}
