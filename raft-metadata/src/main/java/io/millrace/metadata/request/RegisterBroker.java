package io.millrace.metadata.request;

import io.millrace.metadata.image.Endpoint;
import io.millrace.protocol.Uuid;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A broker takes its place in the cluster and opens its session. It starts fenced. Sent again with
 * the same incarnation it answers with the same epoch.
 *
 * @param brokerId the node id
 * @param incarnation random, new with every start of the process
 * @param directory identifies the data directory; its lock proves that an earlier process on it is
 *     gone
 * @param rack where the broker stands, or null
 * @param endpoints where it serves
 */
public record RegisterBroker(
    int brokerId, Uuid incarnation, Uuid directory, @Nullable String rack, List<Endpoint> endpoints)
    implements ControllerRequest<RegisterBroker.Response> {

  public RegisterBroker {
    endpoints = List.copyOf(endpoints);
  }

  /**
   * @param epoch the broker epoch, or -1 on an error
   */
  public record Response(Result result, long epoch) implements ControllerResponse {}
}
