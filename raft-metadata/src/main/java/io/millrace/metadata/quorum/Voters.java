package io.millrace.metadata.quorum;

import io.millrace.metadata.quorum.proto.VoterIdentity;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;

/**
 * Our names of voters and Ratis' names of peers. A peer's id is {@code <node id>-<incarnation>},
 * its address the controller port.
 */
final class Voters {

  private Voters() {}

  static VoterIdentity identity(VoterAddress address, String incarnation) {
    return VoterIdentity.newBuilder()
        .setNodeId(address.nodeId())
        .setIncarnation(incarnation)
        .setHost(address.host())
        .setPort(address.port())
        .build();
  }

  static VoterIdentity identity(RaftPeer peer) {
    String id = peer.getId().toString();
    String address = peer.getAddress() == null ? "" : peer.getAddress();
    int dash = id.indexOf('-');
    int colon = address.lastIndexOf(':');
    return VoterIdentity.newBuilder()
        .setNodeId(Integer.parseInt(id.substring(0, dash)))
        .setIncarnation(id.substring(dash + 1))
        .setHost(colon < 0 ? address : address.substring(0, colon))
        .setPort(colon < 0 ? 0 : Integer.parseInt(address.substring(colon + 1)))
        .build();
  }

  static List<VoterIdentity> identities(Collection<RaftPeer> peers) {
    return peers.stream()
        .map(Voters::identity)
        .sorted(
            Comparator.comparingInt(VoterIdentity::getNodeId)
                .thenComparing(VoterIdentity::getIncarnation))
        .toList();
  }

  static RaftPeerId peerId(VoterIdentity voter) {
    return RaftPeerId.valueOf(voter.getNodeId() + "-" + voter.getIncarnation());
  }

  static RaftPeer peer(VoterIdentity voter) {
    return RaftPeer.newBuilder()
        .setId(peerId(voter))
        .setAddress(voter.getHost() + ":" + voter.getPort())
        .build();
  }

  static List<RaftPeer> peers(Collection<VoterIdentity> voters) {
    return voters.stream().map(Voters::peer).toList();
  }

  /** Same node in the same life; addresses may differ. */
  static boolean same(VoterIdentity one, VoterIdentity other) {
    return one.getNodeId() == other.getNodeId()
        && one.getIncarnation().equals(other.getIncarnation());
  }

  static String describe(Collection<VoterIdentity> voters) {
    return voters.stream().map(Voters::describe).toList().toString();
  }

  static String describe(VoterIdentity voter) {
    return voter.getNodeId()
        + "-"
        + voter.getIncarnation()
        + "@"
        + voter.getHost()
        + ":"
        + voter.getPort();
  }
}
