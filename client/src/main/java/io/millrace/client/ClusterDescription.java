package io.millrace.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as a broker sees it.
 *
 * @param controllerId where to send changes, -1 when unknown
 */
public record ClusterDescription(
    @Nullable String clusterId, int controllerId, List<BrokerInfo> brokers) {

  public ClusterDescription {
    brokers = List.copyOf(brokers);
  }
}
