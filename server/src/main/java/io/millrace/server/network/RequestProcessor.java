package io.millrace.server.network;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.message.RequestMessage;
import java.util.concurrent.CompletableFuture;

/** What the network hands requests to. Called on event loops; must not block. */
public interface RequestProcessor {

  /** Whether requests of this key and version are understood; others close their connection. */
  boolean accepts(ApiKey apiKey, short version);

  /**
   * Handles one request. Requests of one connection arrive in order; their answers go out in that
   * order whatever order the futures complete in. A future that fails closes the connection.
   */
  CompletableFuture<Reply> process(RequestContext context, RequestMessage request);
}
