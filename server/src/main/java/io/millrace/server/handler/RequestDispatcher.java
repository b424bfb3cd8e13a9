package io.millrace.server.handler;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import io.millrace.server.network.RequestProcessor;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Finds the handler of a request. Only what has a handler is advertised, and only that is accepted.
 * Any thread.
 */
public final class RequestDispatcher implements RequestProcessor {
  private final Map<ApiKey, Route<?>> routes = new EnumMap<>(ApiKey.class);

  RequestDispatcher(List<Route<?>> routes) {
    for (Route<?> route : routes) {
      if (this.routes.put(route.key(), route) != null) {
        throw new IllegalArgumentException("two handlers for " + route.key());
      }
    }
  }

  @Override
  public boolean accepts(ApiKey apiKey, short version) {
    Route<?> route = routes.get(apiKey);
    return route != null && route.accepts(version);
  }

  @Override
  public CompletableFuture<Reply> process(RequestContext context, RequestMessage request) {
    @Nullable Route<?> route = routes.get(context.apiKey());
    if (route == null) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("accepted without a handler: " + context.apiKey()));
    }
    return route.handle(context, request);
  }
}
