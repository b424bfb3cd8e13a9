package io.millrace.server.handler;

import io.millrace.metadata.image.ConfigResource;

/** Resources that have configs in Kafka, but none here that a request could set. */
final class UnsetConfigs {
  private static final int BROKER_LOGGER = 8;
  private static final int CLIENT_METRICS = 16;
  static final int GROUP = 32;

  private UnsetConfigs() {}

  /** Why a request about the configs of this type of resource is refused. */
  static String reason(int type) {
    if (type == ConfigResource.Type.BROKER.code()) {
      return "configs of brokers cannot be changed while they run; change the file and restart the node";
    }
    return switch (type) {
      case GROUP ->
          "configs of single groups cannot be set; group.consumer.session.timeout.ms and the like are the"
              + " same for all groups, in the files of the nodes";
      case BROKER_LOGGER ->
          "log levels cannot be asked for or set while a node runs; start it with --log-level";
      case CLIENT_METRICS ->
          "metrics are not collected from clients, there is nothing to configure";
      default -> "resource type " + type + " is not known, expected topic (2) or broker (4)";
    };
  }
}
