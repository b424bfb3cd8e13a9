package io.millrace.server.handler;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.MetadataImage;

/** Counts who could hold a replica. */
final class ReplicationFactors {
  private ReplicationFactors() {}

  static int placeable(MetadataImage image) {
    int active = 0;
    for (BrokerImage broker : image.cluster().brokers().values()) {
      if (broker.takesReplicas()) {
        active++;
      }
    }
    return active;
  }
}
