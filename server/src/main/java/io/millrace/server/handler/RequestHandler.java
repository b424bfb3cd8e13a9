package io.millrace.server.handler;

import io.millrace.protocol.message.RequestMessage;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.concurrent.CompletableFuture;

/** Answers the requests of one API. Called on event loops; must not block. */
@FunctionalInterface
public interface RequestHandler<Q extends RequestMessage> {

  CompletableFuture<Reply> handle(RequestContext context, Q request);
}
