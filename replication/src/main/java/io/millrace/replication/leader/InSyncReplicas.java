package io.millrace.replication.leader;

import io.millrace.concurrent.ConfinedTo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The in-sync set of a partition as its leader must see it: what the controller last accepted, and
 * at most one proposal whose outcome is not known.
 *
 * <pre>
 *   SETTLED --propose--> PROPOSED --accepted, refused, or a newer state in the image--> SETTLED
 * </pre>
 *
 * <p>A refusal is not the end of a proposal: an earlier sending of it may still be on its way and
 * find a controller that accepts it. The leader then proposes what is accepted already. That moves
 * the partition epoch on, after which the refused proposal can never be accepted; until then it
 * still counts.
 *
 * <p>While a proposal is out it may have been accepted already, so whoever it adds counts for the
 * high watermark, and whoever it removes still counts too.
 */
@ConfinedTo("the append loop of the partition's log")
public final class InSyncReplicas {

  private List<Integer> accepted;
  private int partitionEpoch;
  private @Nullable IsrProposal proposed;
  private @Nullable IsrProposal refused;

  public InSyncReplicas(List<Integer> accepted, int partitionEpoch) {
    this.accepted = List.copyOf(accepted);
    this.partitionEpoch = partitionEpoch;
  }

  /** The set that the controller last accepted. */
  public List<Integer> accepted() {
    return accepted;
  }

  public int partitionEpoch() {
    return partitionEpoch;
  }

  public boolean isProposed() {
    return proposed != null;
  }

  /** Whether a proposal is still the one whose outcome is awaited. */
  @SuppressWarnings("ReferenceEquality") // an equal one that was sent again is the same object
  public boolean awaits(IsrProposal proposal) {
    return proposed == proposal;
  }

  /** Whether a broker counts for the high watermark. */
  public boolean isInMaximalSet(int brokerId) {
    return accepted.contains(brokerId)
        || (proposed != null && proposed.has(brokerId))
        || (refused != null && refused.has(brokerId));
  }

  /** Notes a proposal before it is sent. */
  public void propose(IsrProposal proposal) {
    if (proposed != null || proposal.partitionEpoch() != partitionEpoch) {
      throw new IllegalStateException(
          "proposal "
              + proposal
              + " while partitionEpoch="
              + partitionEpoch
              + " proposed="
              + proposed);
    }
    proposed = proposal;
  }

  /** Whether the present proposal only makes sure that a refused one stays refused. */
  public boolean isSettling() {
    return refused != null;
  }

  /** Takes a refusal of the present proposal: another one, of what is accepted, takes its place. */
  public void replaceRefused(IsrProposal settling) {
    IsrProposal before = proposed;
    proposed = null;
    propose(settling);
    refused = before;
  }

  /**
   * Takes a state that the controller wrote, from its answer or from the image.
   *
   * @return false when it is not newer than what is known
   */
  public boolean accept(List<Integer> isr, int newPartitionEpoch) {
    if (newPartitionEpoch <= partitionEpoch) {
      return false;
    }
    accepted = List.copyOf(isr);
    partitionEpoch = newPartitionEpoch;
    // They started from an older state: accepted as this one or an earlier one, or never will be.
    proposed = null;
    refused = null;
    return true;
  }
}
