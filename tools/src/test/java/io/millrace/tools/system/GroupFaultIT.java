package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tools.system.MemberEvent.Kind;
import io.millrace.tools.system.MemberProcess.Version;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A group under each protocol, of unmodified members in processes of their own, under a load of
 * records, while members and coordinators die. At most one owner per partition, nothing committed
 * lost or going back, nothing skipped; see {@link GroupLedger} and {@link CommitWatch}.
 */
class GroupFaultIT {

  private static final String TOPIC = "faults";
  private static final int PARTITIONS = 6;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir private Path directory;

  /** A group and its members, each process one member named for it. */
  private final class Group implements AutoCloseable {
    final String name;
    final Properties settings;
    final Version secondVersion;
    final GroupLedger ledger = new GroupLedger();
    final Map<String, MemberProcess> members = new HashMap<>();
    final CommitWatch watch;

    Group(ProcessCluster cluster, String name, Properties settings, Version secondVersion) {
      this.name = name;
      this.settings = settings;
      this.secondVersion = secondVersion;
      settings.put(GroupMember.PROCESSING_MS, "50");
      watch = new CommitWatch(cluster, name, ledger);
    }

    void join(String member) throws IOException {
      Version version = member.equals("b") ? secondVersion : Version.TODAY;
      String known = name + "-" + member;
      members.put(
          member,
          MemberProcess.start(
              directory, version, List.of(known), List.of(TOPIC), settings, ledger));
    }

    MemberProcess member(String member) {
      MemberProcess process = members.get(member);
      if (process == null) {
        throw new IllegalArgumentException("no member " + member + " in " + members.keySet());
      }
      return process;
    }

    long revocations() {
      return members.keySet().stream()
          .mapToLong(member -> ledger.of(name + "-" + member, Kind.REVOKED).size())
          .sum();
    }

    void kill(String member) throws InterruptedException {
      member(member).kill();
      ledger.gone(List.of(name + "-" + member));
    }

    void awaitOwners(String... owners) {
      ledger.awaitOwners(
          GroupClusters.partitions(TOPIC, PARTITIONS),
          LIMIT,
          Stream.of(owners).map(owner -> name + "-" + owner).toArray(String[]::new));
    }

    /** Every partition is read and committed further than it is now. */
    void awaitProgress() {
      Map<TopicPartition, Long> before = ledger.reach(Kind.COMMITTED);
      Set<TopicPartition> all = GroupClusters.partitions(TOPIC, PARTITIONS);
      ledger.await(
          "commits in every partition beyond " + before,
          LIMIT,
          events -> {
            Map<TopicPartition, Long> now = ledger.reach(Kind.COMMITTED);
            return all.stream().allMatch(p -> now.getOrDefault(p, 0L) > before.getOrDefault(p, 0L));
          });
    }

    /** Freezes a member that has read something and has not committed it. */
    void freezeBeforeCommit(String member) {
      String known = name + "-" + member;
      Await.until(
          known + " is frozen between reading and committing",
          LIMIT,
          () -> {
            member(member).freeze();
            Thread.sleep(20); // what it wrote before it froze is read by then
            if (ledger.owesCommit(known)) {
              return true;
            }
            member(member).unfreeze();
            return false;
          });
      ledger.frozen(List.of(known));
    }

    void verify(Map<TopicPartition, Long> ends) throws Exception {
      ledger.awaitCommitted(ends, LIMIT);
      watch.verify();
      ledger.verify();
    }

    @Override
    public void close() {
      watch.close();
      members.values().forEach(MemberProcess::close);
    }
  }

  @Test
  void coordinatorsAndMembersDie_oneOwnerAndNothingLost() throws Exception {
    try (ProcessCluster cluster = GroupClusters.start(directory, 3)) {
      cluster.createTopic(TOPIC, PARTITIONS, 3);
      List<String> names = groupsOfOneCoordinator();
      try (Workload load = new Workload(cluster.bootstrap(), TOPIC, PARTITIONS, 120);
          Group classic =
              new Group(
                  cluster,
                  names.get(0),
                  GroupClusters.classic(cluster, names.get(0), "cooperative-sticky"),
                  Version.FIVE_YEARS_AGO);
          Group modern =
              new Group(
                  cluster,
                  names.get(1),
                  GroupClusters.modern(cluster, names.get(1), "uniform"),
                  Version.TODAY)) {
        run(cluster, load, List.of(classic, modern));
      } catch (AssertionError e) {
        throw new AssertionError(e.getMessage() + "\n" + cluster.outputs(), e);
      }
    }
  }

  private static void run(ProcessCluster cluster, Workload load, List<Group> groups)
      throws Exception {
    for (Group group : groups) {
      group.join("a");
      group.join("b");
    }
    for (Group group : groups) {
      group.awaitOwners("a", "b");
      group.awaitProgress();
    }

    // The coordinator dies while a third member joins and the others commit all the time.
    int coordinator = GroupClusters.coordinator(cluster, groups.get(0).name);
    Map<Group, Long> before = new HashMap<>();
    for (Group group : groups) {
      before.put(group, group.revocations());
      group.join("c");
    }
    for (Group group : groups) {
      group.ledger.await(
          "the rebalance for c is under way",
          LIMIT,
          events ->
              group.revocations() > before.getOrDefault(group, 0L)
                  || group.ledger.knows(group.name + "-c"));
    }
    cluster.node(coordinator).kill();
    for (Group group : groups) {
      group.awaitOwners("a", "b", "c");
      group.awaitProgress();
    }
    cluster.node(coordinator).restart();
    cluster.awaitInSync(TOPIC);

    // A member dies; another is frozen for longer than its session and returns.
    for (Group group : groups) {
      group.kill("c");
      group.freezeBeforeCommit("b");
    }
    for (Group group : groups) {
      group.ledger.gone(List.of(group.name + "-b"));
      group.awaitOwners("a");
      group.awaitProgress();
      group.ledger.back(group.name + "-b");
      group.member("b").unfreeze();
    }
    for (Group group : groups) {
      group.awaitOwners("a", "b");
      assertThat(group.ledger.of(group.name + "-b", Kind.REFUSED))
          .as("the zombie's commit is refused\n%s", group.ledger.tail())
          .isNotEmpty();
      group.awaitProgress();
    }

    // All nodes die at once.
    cluster.nodes().forEach(NodeProcess::kill);
    for (NodeProcess node : cluster.nodes()) {
      node.restart();
    }
    for (Group group : groups) {
      group.awaitProgress();
      group.awaitOwners("a", "b");
    }

    load.finish();
    Map<TopicPartition, Long> ends = ends(cluster);
    for (Group group : groups) {
      group.verify(ends);
    }
  }

  private static Map<TopicPartition, Long> ends(ProcessCluster cluster) throws Exception {
    Map<TopicPartition, org.apache.kafka.clients.admin.OffsetSpec> question = new HashMap<>();
    GroupClusters.partitions(TOPIC, PARTITIONS)
        .forEach(p -> question.put(p, org.apache.kafka.clients.admin.OffsetSpec.latest()));
    Map<TopicPartition, Long> ends = new HashMap<>();
    cluster
        .admin()
        .listOffsets(question)
        .all()
        .get()
        .forEach((partition, result) -> ends.put(partition, result.offset()));
    return ends;
  }

  /** Names of two groups in one partition of the offsets topic, so that one node has both. */
  private static List<String> groupsOfOneCoordinator() {
    List<String> names = new ArrayList<>(List.of("classic-group"));
    for (int i = 0; names.size() < 2; i++) {
      String name = "modern-group-" + i;
      if (GroupClusters.offsetsPartition(name) == GroupClusters.offsetsPartition(names.get(0))) {
        names.add(name);
      }
    }
    return names;
  }
}
