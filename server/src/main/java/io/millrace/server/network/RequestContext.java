package io.millrace.server.network;

import io.millrace.protocol.ApiKey;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a request besides its body.
 *
 * @param version version of the request and of its answer; 0 when {@code versionUnsupported}
 * @param versionUnsupported only ever true for ApiVersions, which is answered in any version
 *     (KIP-511)
 * @param listener name of the listener that it came in by
 * @param peer who sent it
 */
public record RequestContext(
    ApiKey apiKey,
    short version,
    boolean versionUnsupported,
    int correlationId,
    @Nullable String clientId,
    String listener,
    Peer peer) {

  /** The peer's address, for logs. */
  public String remote() {
    return peer.remote();
  }

  /** The connection's event loop, for work that goes on after a wait. */
  public Executor connectionLoop() {
    return peer.loop();
  }
}
