package io.millrace.metadata.quorum;

import io.millrace.metadata.quorum.proto.VoterIdentity;
import io.millrace.metadata.quorum.proto.VoterStatus.Formation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The metadata directory of a voter, opened and checked:
 *
 * <pre>
 *   voter           node id, incarnation, membership
 *   applied-index   how far the log was applied at least
 *   raft/           Ratis' log and snapshots
 *   removed/        what Ratis puts aside
 *   saved/          copies of what the guard cut off, and damaged logs put aside
 * </pre>
 *
 * <p>Confined to the maintenance thread, but for {@link #voter}.
 */
final class VoterStorage implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(VoterStorage.class);

  private final VoterFile voter;
  private final AppliedIndexFile appliedIndex;

  private VoterStorage(VoterFile voter, AppliedIndexFile appliedIndex) {
    this.voter = voter;
    this.appliedIndex = appliedIndex;
  }

  /**
   * Opens the directory, made when it is missing.
   *
   * @throws QuorumStartException when the log must not be started from, and may not be put aside
   */
  static VoterStorage open(QuorumConfig config) throws IOException {
    Path directory = Files.createDirectories(config.directory());
    Path saved = directory.resolve("saved");
    Path raft = raftDirectory(config);
    AppliedIndexFile index = AppliedIndexFile.open(directory.resolve("applied-index"));
    try {
      VoterFile voter = VoterFile.open(directory.resolve("voter"), config.self());
      try {
        new StorageGuard(RaftNode.groupDirectory(raft), saved).check(index.stored());
      } catch (QuorumStartException e) {
        if (!config.discardDamagedLog()) {
          throw e;
        }
        Path aside = Files.createTempDirectory(Files.createDirectories(saved), "raft.");
        LOG.warn(
            "Putting the damaged metadata log aside, to={} because: {}", aside, e.getMessage());
        if (Files.exists(raft)) {
          Files.move(raft, aside.resolve("raft"));
        }
        index.reset();
        voter.startAnew(config.self());
      }
      return new VoterStorage(voter, index);
    } catch (IOException | RuntimeException e) {
      index.close();
      throw e;
    }
  }

  static Path raftDirectory(QuorumConfig config) {
    return config.directory().resolve("raft");
  }

  /** Who this voter is; its status may be read by any thread. */
  VoterFile voter() {
    return voter;
  }

  void rememberApplied(long index) throws IOException {
    appliedIndex.advance(index);
  }

  /** Keeps the members for the next start, once this voter is one of them. */
  void rememberMembers(List<VoterIdentity> members) throws IOException {
    boolean member = members.stream().anyMatch(one -> Voters.same(one, voter.self()));
    if (member
        && (voter.formation() != Formation.MEMBER
            || !voter.status().getMembersList().equals(members))) {
      LOG.info("The metadata quorum has other voters, voters={}", Voters.describe(members));
      voter.become(Formation.MEMBER, members);
    }
  }

  @Override
  public void close() throws IOException {
    appliedIndex.close();
  }
}
