package io.millrace.server.coordinator.group;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.server.coordinator.group.ConsumerProtocol.Subscription;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What members of a stable generation left behind when they went, as long as the others have not
 * been told. A newcomer that wants the same topics may take it, part and all.
 *
 * <p>Only under assignors to whom members that want the same are the same. Another may have given a
 * part to a certain member for what that is: Kafka Streams has its state there, Connect its name in
 * the assignment.
 */
final class VacantPlaces {
  private static final short FIRST_WITH_SKIP_ASSIGNMENT = 9;

  private static final Set<String> IMPARTIAL =
      Set.of("range", "roundrobin", "sticky", "cooperative-sticky");

  /**
   * A place.
   *
   * @param member who had it
   * @param led whether that was the leader
   */
  record Place(ClassicMember member, boolean led) {}

  private final List<Place> places = new ArrayList<>();
  private String reason = "";
  private boolean due;

  boolean isEmpty() {
    return places.isEmpty();
  }

  void add(ClassicMember member, boolean led, String because) {
    places.add(new Place(member, led));
    reason = because;
  }

  void clear() {
    places.clear();
    due = false;
  }

  /** They have been kept long enough. */
  void becomeDue() {
    due = !places.isEmpty();
  }

  /** Whether there are some to be shared out. */
  boolean isDue() {
    return due;
  }

  /** Why the newest is vacant. */
  String reason() {
    return reason;
  }

  /** Takes out a place that the newcomer can have, or null. */
  @Nullable Place take(
      ClassicGroup group, ClassicMember newcomer, short version, MetadataImage image) {
    String protocol = group.protocolName;
    if (newcomer.isStatic()
        || protocol == null
        || !IMPARTIAL.contains(protocol)
        || !ConsumerProtocol.TYPE.equals(group.protocolType)) {
      return null;
    }
    for (Iterator<Place> each = places.iterator(); each.hasNext(); ) {
      Place place = each.next();
      // A leader must learn that there is nothing to assign.
      boolean mayLead = !place.led() || version >= FIRST_WITH_SKIP_ASSIGNMENT;
      if (mayLead
          && areAlike(place.member(), newcomer, protocol)
          && owesNothing(place.member(), protocol, image)) {
        each.remove();
        due &= !places.isEmpty();
        return place;
      }
    }
    return null;
  }

  private static boolean areAlike(ClassicMember one, ClassicMember other, String protocol) {
    Subscription before = ConsumerProtocol.subscription(one.metadata(protocol));
    Subscription now = ConsumerProtocol.subscription(other.metadata(protocol));
    return before != null
        && now != null
        && now.owned().isEmpty() // no newcomer says that it owns something
        && Set.copyOf(before.topics()).equals(Set.copyOf(now.topics()))
        && Objects.equals(before.rackId(), now.rackId())
        && names(one).equals(names(other));
  }

  /**
   * A cooperative member that has to give something up does so, and joins again, so that another
   * can have it. Its successor would not, and nobody would ever read that.
   *
   * @param gone whose place another is to have
   */
  static boolean owesNothing(ClassicMember gone, String protocol, MetadataImage image) {
    Subscription wishes = ConsumerProtocol.subscription(gone.metadata(protocol));
    PartitionSet part = ConsumerProtocol.assignment(gone.assignment, image);
    return wishes != null
        && (wishes.owned().isEmpty()
            || (part != null
                && ConsumerProtocol.partitions(wishes.owned(), image).minus(part).isEmpty()));
  }

  private static List<String> names(ClassicMember member) {
    return member.protocols.stream().map(JoinGroupRequestProtocol::name).toList();
  }
}
