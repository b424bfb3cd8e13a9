package io.millrace.server.handler;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ApiVersionsRequest;
import io.millrace.protocol.message.ApiVersionsResponse;
import io.millrace.protocol.message.ApiVersionsResponse.ApiVersion;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tells clients what they may send. Answers a version from the future in version 0 with what it
 * knows (KIP-511), since a client that cannot read this answer takes the broker for dead. Since
 * version 5 a client says whom it means to talk to.
 *
 * <p>Produce is told from version 0, though only 3 and later are accepted, as Kafka does: older
 * librdkafka sends uncompressed when it does not see version 0.
 */
final class ApiVersionsHandler implements RequestHandler<ApiVersionsRequest> {
  private static final Pattern SOFTWARE =
      Pattern.compile("[a-zA-Z0-9](?:[a-zA-Z0-9\\-.]*[a-zA-Z0-9])?");
  private static final int ANY_NODE = -1;

  private final int nodeId;
  private final Supplier<@Nullable String> clusterId;
  private final Supplier<List<Route<?>>> routes;

  ApiVersionsHandler(
      int nodeId, Supplier<@Nullable String> clusterId, Supplier<List<Route<?>>> routes) {
    this.nodeId = nodeId;
    this.clusterId = clusterId;
    this.routes = routes;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, ApiVersionsRequest request) {
    return CompletableFuture.completedFuture(Reply.of(answer(context, request)));
  }

  ApiVersionsResponse answer(RequestContext context, ApiVersionsRequest request) {
    if (context.versionUnsupported()) {
      // The client needs this API's own range to try again with; the rest spares it the second
      // question.
      return answer(ErrorCode.UNSUPPORTED_VERSION, versions());
    }
    if (context.version() >= 3
        && !(SOFTWARE.matcher(request.clientSoftwareName()).matches()
            && SOFTWARE.matcher(request.clientSoftwareVersion()).matches())) {
      return answer(ErrorCode.INVALID_REQUEST, List.of());
    }
    context.peer().callsItself(request.clientSoftwareName());
    if (context.version() >= 5 && meansAnother(request)) {
      return answer(ErrorCode.REBOOTSTRAP_REQUIRED, List.of());
    }
    return answer(ErrorCode.NONE, versions());
  }

  private boolean meansAnother(ApiVersionsRequest request) {
    String wanted = request.clusterId();
    String own = clusterId.get();
    if (wanted != null && !wanted.isEmpty() && own != null && !wanted.equals(own)) {
      return true;
    }
    return request.nodeId() != ANY_NODE && request.nodeId() != nodeId;
  }

  private List<ApiVersion> versions() {
    List<ApiVersion> versions = new ArrayList<>();
    for (Route<?> route : routes.get()) {
      versions.add(new ApiVersion(route.key().id(), route.advertisedLowest(), route.highest()));
    }
    return versions;
  }

  private static ApiVersionsResponse answer(ErrorCode error, List<ApiVersion> versions) {
    return ApiVersionsResponse.builder().errorCode(error.code()).apiKeys(versions).build();
  }
}
