package io.millrace.metadata;

import io.millrace.metadata.controller.ConfigValidator;
import io.millrace.metadata.controller.ControllerConfig;
import io.millrace.metadata.quorum.QuorumConfig;
import io.millrace.metadata.quorum.VoterAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a node takes part in the metadata.
 *
 * @param nodeId this node
 * @param voters every voter with its controller port
 * @param voter the quorum's settings when this node is a voter, else null
 * @param bindAddress where a voter listens; null for the wildcard address at its voter's port
 * @param maxConnections of a voter's controller port
 * @param controller the controller's settings, the same on every node
 * @param validator knows the dynamic configs
 */
public record MetadataConfig(
    int nodeId,
    List<VoterAddress> voters,
    @Nullable QuorumConfig voter,
    @Nullable InetSocketAddress bindAddress,
    int maxConnections,
    ControllerConfig controller,
    ConfigValidator validator) {

  public MetadataConfig {
    voters = List.copyOf(voters);
    if (voters.isEmpty()) {
      throw new IllegalArgumentException("there are no voters");
    }
  }

  /** A voter. */
  public static MetadataConfig voter(
      QuorumConfig quorum, ControllerConfig controller, ConfigValidator validator) {
    return new MetadataConfig(
        quorum.nodeId(), quorum.voters(), quorum, null, 1_000, controller, validator);
  }

  /** A node that only follows. */
  public static MetadataConfig follower(
      int nodeId,
      List<VoterAddress> voters,
      ControllerConfig controller,
      ConfigValidator validator) {
    return new MetadataConfig(nodeId, voters, null, null, 1_000, controller, validator);
  }

  /**
   * The voters in the order in which this node tries them: itself first, the others beginning at a
   * place of its own.
   */
  List<VoterAddress> votersInOrder() {
    List<VoterAddress> order = new ArrayList<>();
    for (int i = 0; i < voters.size(); i++) {
      VoterAddress one = voters.get((nodeId + i) % voters.size());
      if (one.nodeId() == nodeId) {
        order.add(0, one);
      } else {
        order.add(one);
      }
    }
    return order;
  }
}
