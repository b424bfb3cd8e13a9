package io.millrace.server.handler;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.concurrent.CompletableFuture;

/**
 * An API that this node serves: its versions, and who answers it.
 *
 * @param advertisedLowest told to clients; below {@code lowest} only for Produce, see {@link
 *     ApiVersionsHandler}
 * @param lowest first version that is accepted
 * @param highest last version that is accepted and told
 */
record Route<Q extends RequestMessage>(
    ApiKey key,
    short advertisedLowest,
    short lowest,
    short highest,
    Class<Q> type,
    RequestHandler<Q> handler) {

  /** An API at all the versions that its schema has. */
  static <Q extends RequestMessage> Route<Q> of(
      ApiKey key, Class<Q> type, RequestHandler<Q> handler) {
    return new Route<>(
        key, key.lowestVersion(), key.lowestVersion(), key.highestVersion(), type, handler);
  }

  boolean accepts(short version) {
    return version >= lowest && version <= highest;
  }

  CompletableFuture<Reply> handle(RequestContext context, RequestMessage request) {
    return handler.handle(context, type.cast(request));
  }
}
