package io.millrace.server.handler;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.InitProducerIdRequest;
import io.millrace.protocol.message.InitProducerIdResponse;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives idempotent producers their ids. A transactional id is refused: there are no transactions
 * yet.
 */
final class InitProducerIdHandler implements RequestHandler<InitProducerIdRequest> {
  private static final Logger LOG = LoggerFactory.getLogger(InitProducerIdHandler.class);

  private final ProducerIds ids;

  InitProducerIdHandler(ProducerIds ids) {
    this.ids = ids;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, InitProducerIdRequest request) {
    if (request.transactionalId() != null) {
      return CompletableFuture.completedFuture(failed(ErrorCode.INVALID_REQUEST));
    }
    return ids.next()
        .handle(
            (id, failure) -> {
              if (failure != null) {
                LOG.debug("no producer id to give: {}", failure.getMessage());
                return failed(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
              }
              return Reply.of(
                  InitProducerIdResponse.builder().producerId(id).producerEpoch((short) 0).build());
            });
  }

  private static Reply failed(ErrorCode error) {
    return Reply.of(
        InitProducerIdResponse.builder()
            .errorCode(error.code())
            .producerId(-1)
            .producerEpoch((short) -1)
            .build());
  }
}
