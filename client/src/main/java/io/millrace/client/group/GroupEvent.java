package io.millrace.client.group;

import io.millrace.client.MillraceException;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/** What the membership asks of whoever reads. */
public sealed interface GroupEvent {

  /**
   * Give these up and take those; then say so with the round. No other change comes before.
   *
   * <p>Both sets are in the order of topics and partitions.
   *
   * @param revoked stop reading, commit, tell the application
   * @param added may be read from now on
   */
  record Reconcile(long round, Set<GroupPartition> revoked, Set<GroupPartition> added)
      implements GroupEvent {

    public Reconcile {
      revoked = Collections.unmodifiableSet(new TreeSet<>(revoked));
      added = Collections.unmodifiableSet(new TreeSet<>(added));
    }
  }

  /**
   * Everything is gone, also what a round under way was about. The membership begins again when the
   * application has been told.
   */
  record Lost(String reason) implements GroupEvent {}

  /** The membership has ended and will not begin again by itself. Everything is gone. */
  record Failed(MillraceException reason) implements GroupEvent {}
}
