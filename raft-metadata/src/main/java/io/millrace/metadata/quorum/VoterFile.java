package io.millrace.metadata.quorum;

import com.google.protobuf.TextFormat;
import io.millrace.metadata.quorum.proto.VoterIdentity;
import io.millrace.metadata.quorum.proto.VoterStatus;
import io.millrace.metadata.quorum.proto.VoterStatus.Formation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;

/**
 * Who this voter is: its node id and the random name of this life of its storage, and whether it
 * became a member. Lies beside the Raft log, hence disappears together with it: a node that lost
 * its disk comes back as somebody else, and cannot vote twice in a term it has forgotten.
 *
 * <p>Written on the maintenance thread; {@link #status} is read by any.
 */
final class VoterFile {

  private static final int INCARNATION_BYTES = 8;

  private final Path file;
  private volatile VoterStatus status;

  private VoterFile(Path file, VoterStatus status) {
    this.file = file;
    this.status = status;
  }

  /**
   * Reads the file, or makes it when there is none.
   *
   * @throws QuorumStartException when the directory belongs to another node
   */
  static VoterFile open(Path file, VoterAddress self) throws IOException {
    if (!Files.exists(file)) {
      VoterFile fresh = new VoterFile(file, VoterStatus.getDefaultInstance());
      fresh.startAnew(self);
      return fresh;
    }
    VoterStatus.Builder read = VoterStatus.newBuilder();
    try {
      TextFormat.merge(Files.readString(file, StandardCharsets.UTF_8), read);
    } catch (TextFormat.ParseException e) {
      throw new QuorumStartException("cannot read " + file + ": " + e.getMessage());
    }
    if (read.getSelf().getNodeId() != self.nodeId() || read.getSelf().getIncarnation().isEmpty()) {
      throw new QuorumStartException(
          file
              + " belongs to node "
              + read.getSelf().getNodeId()
              + ", this is node "
              + self.nodeId());
    }
    VoterFile opened = new VoterFile(file, read.build());
    VoterIdentity identity = Voters.identity(self, opened.self().getIncarnation());
    if (!identity.equals(opened.self())) {
      opened.write(opened.status.toBuilder().setSelf(identity).build());
    }
    return opened;
  }

  VoterStatus status() {
    return status;
  }

  VoterIdentity self() {
    return status.getSelf();
  }

  Formation formation() {
    return status.getFormation();
  }

  /** A new life, member of nothing. */
  void startAnew(VoterAddress self) throws IOException {
    byte[] random = new byte[INCARNATION_BYTES];
    new SecureRandom().nextBytes(random);
    write(
        VoterStatus.newBuilder()
            .setSelf(Voters.identity(self, HexFormat.of().formatHex(random)))
            .setFormation(Formation.EMPTY)
            .build());
  }

  void become(Formation formation, List<VoterIdentity> members) throws IOException {
    write(status.toBuilder().setFormation(formation).clearMembers().addAllMembers(members).build());
  }

  private void write(VoterStatus next) throws IOException {
    DurableFiles.replace(
        file, TextFormat.printer().printToString(next).getBytes(StandardCharsets.UTF_8));
    status = next;
  }
}
