package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tools.system.MemberEvent.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.kafka.common.TopicPartition;

/**
 * What all members of a group told, and the rules that hold over it: one owner per partition at a
 * time, nothing committed is lost or goes backwards, nothing is skipped. Any thread may add.
 */
final class GroupLedger implements Consumer<MemberEvent> {

  /** A time in which a member held a partition. It was taken away if it did not end orderly. */
  private record Tenure(
      String member,
      TopicPartition partition,
      long from,
      long to,
      boolean orderly,
      int generation) {
    boolean overlaps(Tenure later) {
      return from <= later.from && later.from < to;
    }
  }

  private final List<MemberEvent> events = new CopyOnWriteArrayList<>();
  private final Map<String, Long> gone = new HashMap<>();

  @Override
  public void accept(MemberEvent event) {
    events.add(event);
  }

  /** The member's process was killed or will not be listened to any more from now on. */
  synchronized void gone(List<String> members) {
    members.forEach(member -> gone.put(member, System.nanoTime()));
  }

  /** A member that was frozen runs again. */
  synchronized void back(String member) {
    gone.remove(member);
  }

  /**
   * The partitions that each member holds now, by what it told; members without any are left out.
   */
  synchronized Map<String, Set<TopicPartition>> holdings() {
    Map<String, Set<TopicPartition>> held = new HashMap<>();
    for (MemberEvent event : sorted()) {
      Set<TopicPartition> mine = held.computeIfAbsent(event.member(), name -> new HashSet<>());
      switch (event.kind()) {
        case ASSIGNED -> mine.addAll(event.partitions());
        case REVOKED, LOST -> event.partitions().forEach(mine::remove);
        case CLOSED -> mine.clear();
        case READ, COMMITTED, REFUSED, FAILED -> {}
      }
    }
    held.keySet().removeAll(gone.keySet());
    held.values().removeIf(Set::isEmpty);
    return held;
  }

  /** Waits until these members, and nobody else, hold all partitions, each of them at least one. */
  void awaitOwners(Set<TopicPartition> partitions, Duration limit, String... members) {
    try {
      Await.until(
          "partitions " + partitions + " are held by " + List.of(members),
          limit,
          () -> {
            Map<String, Set<TopicPartition>> held = holdings();
            Set<TopicPartition> all = new HashSet<>();
            held.values().forEach(all::addAll);
            int sum = held.values().stream().mapToInt(Set::size).sum();
            return held.keySet().equals(Set.of(members))
                && all.equals(partitions)
                && sum == all.size();
          });
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\nholdings: " + holdings() + "\n" + tail(), e);
    }
  }

  void await(String what, Duration limit, Predicate<List<MemberEvent>> condition) {
    try {
      Await.until(what, limit, () -> condition.test(events));
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + tail(), e);
    }
  }

  /** Waits until the members together have read every partition up to these ends. */
  void awaitRead(Map<TopicPartition, Long> ends, Duration limit) {
    await("all is read up to " + ends, limit, all -> reach(Kind.READ).equals(ends));
  }

  /** Waits until what members committed has reached these ends. */
  void awaitCommitted(Map<TopicPartition, Long> ends, Duration limit) {
    await("all is committed up to " + ends, limit, all -> reach(Kind.COMMITTED).equals(ends));
  }

  /** The highest offset read or committed per partition. */
  Map<TopicPartition, Long> reach(Kind kind) {
    Map<TopicPartition, Long> reach = new HashMap<>();
    for (MemberEvent event : events) {
      if (event.kind() == kind) {
        (kind == Kind.READ ? event.ends() : event.offsets())
            .forEach((partition, offset) -> reach.merge(partition, offset, Math::max));
      }
    }
    return reach;
  }

  List<MemberEvent> of(String member, Kind kind) {
    return events.stream()
        .filter(event -> event.member().equals(member) && event.kind() == kind)
        .toList();
  }

  /** True when the member's last event is a batch read, which it has not committed. */
  boolean owesCommit(String member) {
    MemberEvent last = null;
    for (MemberEvent event : events) {
      if (event.member().equals(member)) {
        last = event;
      }
    }
    return last != null && last.kind() == Kind.READ;
  }

  /** True when the member has told anything. */
  boolean knows(String member) {
    return events.stream().anyMatch(event -> event.member().equals(member));
  }

  /** How many records were read, those read twice counted twice. */
  long recordsRead() {
    long count = 0;
    for (MemberEvent event : events) {
      for (Map.Entry<TopicPartition, Long> end : event.ends().entrySet()) {
        count += end.getValue() - event.offsets().getOrDefault(end.getKey(), 0L);
      }
    }
    return count;
  }

  /** Checks every rule over all that was told. */
  void verify() {
    List<Tenure> tenures = tenures();
    List<String> wrong = new ArrayList<>();
    for (int i = 0; i < tenures.size(); i++) {
      Tenure one = tenures.get(i);
      for (int j = 0; j < tenures.size(); j++) {
        Tenure other = tenures.get(j);
        if (i != j && one.partition.equals(other.partition) && one.overlaps(other)) {
          checkOverlap(one, other, wrong);
        }
      }
      checkStart(one, wrong);
    }
    checkCoverage(wrong);
    assertThat(wrong).as("rules of a group\n%s", tail()).isEmpty();
  }

  /**
   * Two members may believe that they own a partition only when the first was declared dead, and
   * then it must not commit any more.
   */
  private void checkOverlap(Tenure one, Tenure other, List<String> wrong) {
    if (one.orderly) {
      wrong.add("two owners: " + one + " and " + other);
      return;
    }
    for (MemberEvent commit : of(one.member, Kind.COMMITTED)) {
      if (commit.offsets().containsKey(one.partition)
          && commit.began() > other.from
          && commit.began() < one.to) {
        wrong.add("a zombie's commit was taken: " + commit + " although " + other);
      }
    }
  }

  /** A new owner starts at what was committed: not before what was acknowledged, not after it. */
  private void checkStart(Tenure tenure, List<String> wrong) {
    MemberEvent first = null;
    for (MemberEvent read : of(tenure.member, Kind.READ)) {
      if (read.at() >= tenure.from
          && read.at() <= tenure.to
          && read.offsets().containsKey(tenure.partition)
          && (first == null || read.at() < first.at())) {
        first = read;
      }
    }
    if (first == null) {
      return;
    }
    long start = first.offsets().getOrDefault(tenure.partition, 0L);
    long acknowledged = 0;
    long asked = 0;
    for (MemberEvent event : events) {
      long offset = event.offsets().getOrDefault(tenure.partition, 0L);
      if (event.kind() == Kind.COMMITTED && event.at() < tenure.from) {
        acknowledged = Math.max(acknowledged, offset);
      }
      if (event.began() < first.at()
          && (event.kind() == Kind.COMMITTED || event.kind() == Kind.REFUSED)) {
        asked = Math.max(asked, offset);
      }
      if (event.kind() == Kind.READ && gone.containsKey(event.member())) {
        // killed before it could tell whether it committed
        asked = Math.max(asked, event.ends().getOrDefault(tenure.partition, 0L));
      }
    }
    if (start < acknowledged) {
      wrong.add("a commit was lost: " + acknowledged + " was committed, but " + first);
    }
    if (start > asked) {
      wrong.add("records skipped: nobody committed more than " + asked + ", but " + first);
    }
  }

  /** Every offset from 0 was read by somebody. */
  private void checkCoverage(List<String> wrong) {
    Map<TopicPartition, List<long[]>> runs = new HashMap<>();
    for (MemberEvent event : events) {
      if (event.kind() == Kind.READ) {
        event
            .offsets()
            .forEach(
                (partition, first) ->
                    runs.computeIfAbsent(partition, p -> new ArrayList<>())
                        .add(new long[] {first, event.ends().getOrDefault(partition, first)}));
      }
    }
    runs.forEach(
        (partition, list) -> {
          list.sort(Comparator.comparingLong(run -> run[0]));
          long covered = 0;
          for (long[] run : list) {
            if (run[0] > covered) {
              wrong.add("nobody read " + partition + " from " + covered + " to " + run[0]);
            }
            covered = Math.max(covered, run[1]);
          }
        });
  }

  private synchronized List<Tenure> tenures() {
    List<Tenure> tenures = new ArrayList<>();
    Map<String, Map<TopicPartition, MemberEvent>> open = new HashMap<>();
    for (MemberEvent event : sorted()) {
      Map<TopicPartition, MemberEvent> mine =
          open.computeIfAbsent(event.member(), name -> new HashMap<>());
      switch (event.kind()) {
        case ASSIGNED ->
            event.partitions().forEach(partition -> mine.putIfAbsent(partition, event));
        case REVOKED, LOST ->
            event
                .partitions()
                .forEach(
                    partition -> {
                      MemberEvent from = mine.remove(partition);
                      if (from != null) {
                        tenures.add(
                            tenure(from, partition, event.at(), event.kind() == Kind.REVOKED));
                      }
                    });
        case READ, COMMITTED, REFUSED, FAILED, CLOSED -> {}
      }
    }
    open.forEach(
        (member, mine) ->
            mine.forEach(
                (partition, from) -> {
                  Long end = gone.get(member);
                  tenures.add(
                      tenure(from, partition, end == null ? Long.MAX_VALUE : end, end == null));
                }));
    return tenures;
  }

  private Tenure tenure(MemberEvent from, TopicPartition partition, long to, boolean orderly) {
    return new Tenure(
        from.member(),
        partition,
        from.at(),
        to,
        orderly && !frozen(from.member()),
        from.generation());
  }

  private final Set<String> frozen = new HashSet<>();

  /** These members were stopped for longer than their session: they may believe what is over. */
  synchronized void frozen(List<String> members) {
    frozen.addAll(members);
  }

  private synchronized boolean frozen(String member) {
    return frozen.contains(member);
  }

  private List<MemberEvent> sorted() {
    List<MemberEvent> sorted = new ArrayList<>(events);
    sorted.sort(Comparator.comparingLong(MemberEvent::at));
    return sorted;
  }

  /** The last events, for the message of a failure. */
  String tail() {
    List<MemberEvent> sorted = sorted();
    StringBuilder text = new StringBuilder();
    for (MemberEvent event : sorted.subList(Math.max(0, sorted.size() - 60), sorted.size())) {
      text.append(event.at() / 1_000_000).append(' ').append(event.line()).append('\n');
    }
    return text.toString();
  }
}
