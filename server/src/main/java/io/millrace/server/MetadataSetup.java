package io.millrace.server;

import io.millrace.metadata.MetadataConfig;
import io.millrace.metadata.controller.ConfigValidator;
import io.millrace.metadata.controller.ControllerConfig;
import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.quorum.QuorumConfig;
import io.millrace.metadata.quorum.VoterAddress;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import io.millrace.server.config.ConfigException;
import io.millrace.server.config.NodeConfig;
import io.millrace.server.config.TopicConfigs;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Turns the node's configuration into the metadata module's. */
final class MetadataSetup {
  /** Inside the data directory; no partition's directory has such a name. */
  private static final String DIRECTORY = "__metadata";

  private static final int MAX_CONTROLLER_CONNECTIONS = 1000;

  private MetadataSetup() {}

  /**
   * @param directory where the quorum's log lies on a voter
   */
  static MetadataConfig of(NodeConfig config, Path directory) {
    List<VoterAddress> voters =
        config.quorum().voters().stream()
            .map(voter -> new VoterAddress(voter.nodeId(), voter.host(), voter.port()))
            .toList();
    int nodeId = config.quorum().nodeId();
    @Nullable QuorumConfig quorum =
        config.quorum().controller()
            ? QuorumConfig.of(nodeId, directory.resolve(DIRECTORY), voters)
                .withTiming(
                    QuorumConfig.Timing.upTo(Duration.ofMillis(config.quorum().fetchTimeoutMs())))
            : null;
    return new MetadataConfig(
        nodeId,
        voters,
        quorum,
        bindAddress(config),
        MAX_CONTROLLER_CONNECTIONS,
        controller(config),
        validator());
  }

  private static @Nullable InetSocketAddress bindAddress(NodeConfig config) {
    return config
        .quorum()
        .controllerBind()
        .map(bind -> new InetSocketAddress(bind.bindHost(), bind.port()))
        .orElse(null);
  }

  private static ControllerConfig controller(NodeConfig config) {
    ControllerConfig defaults = ControllerConfig.DEFAULTS;
    return new ControllerConfig(
        Duration.ofMillis(config.quorum().sessionTimeoutMs()),
        defaults.connectionGrace(),
        defaults.takeoverGrace(),
        config.replication().autoLeaderRebalance()
            ? Duration.ofSeconds(config.replication().leaderImbalanceCheckSeconds())
            : Duration.ZERO,
        config.topics().partitions(),
        config.topics().replicationFactor(),
        defaults.maxPartitionsPerTopic(),
        defaults.maxPartitionsPerRequest(),
        defaults.maxPendingOperations());
  }

  /**
   * The controller asks again what the handlers have checked, because requests may come from a
   * broker of another version.
   */
  private static ConfigValidator validator() {
    return (resource, key, value) -> {
      if (resource.type() != ConfigResource.Type.TOPIC) {
        return Result.of(
            ErrorCode.INVALID_REQUEST, "configs of brokers cannot be changed while they run");
      }
      try {
        TopicConfigs.check(key, value);
        return Result.OK;
      } catch (ConfigException e) {
        return Result.of(ErrorCode.INVALID_CONFIG, String.valueOf(e.getMessage()));
      }
    };
  }
}
