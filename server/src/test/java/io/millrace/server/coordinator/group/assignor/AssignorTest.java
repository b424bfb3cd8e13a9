package io.millrace.server.coordinator.group.assignor;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.Uuid;
import io.millrace.server.coordinator.group.assignor.GroupSpec.Member;
import io.millrace.server.coordinator.group.assignor.GroupSpec.Partition;
import io.millrace.server.coordinator.group.assignor.GroupSpec.Topic;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AssignorTest {

  private static <V> V of(Map<String, V> map, String key) {
    return Objects.requireNonNull(map.get(key));
  }

  static LongStream seeds() {
    return LongStream.range(0, 150);
  }

  private static GroupSpec random(SplittableRandom random) {
    SortedMap<Uuid, Topic> topics = new TreeMap<>();
    for (int i = 0; i < 1 + random.nextInt(5); i++) {
      topics.put(new Uuid(i, 1), new Topic(random.nextInt(9), List.of()));
    }
    SortedMap<String, Member> members = new TreeMap<>();
    boolean alike = random.nextBoolean();
    for (int i = 0; i < 1 + random.nextInt(7); i++) {
      Set<Uuid> subscribed = new HashSet<>();
      for (Uuid topic : topics.keySet()) {
        if (alike || random.nextBoolean()) {
          subscribed.add(topic);
        }
      }
      members.put("m" + i, new Member(null, null, subscribed, Set.of()));
    }
    return new GroupSpec(members, topics);
  }

  private static GroupSpec withOwned(
      GroupSpec group, Map<String, SortedSet<Partition>> owned, String without) {
    SortedMap<String, Member> members = new TreeMap<>();
    group
        .members()
        .forEach(
            (id, member) -> {
              if (!id.equals(without)) {
                members.put(
                    id, new Member(null, null, member.subscribed(), Set.copyOf(of(owned, id))));
              }
            });
    return new GroupSpec(members, group.topics());
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void everyPartitionThatIsWanted_hasOneOwnerThatWantsIt(long seed) {
    GroupSpec group = random(new SplittableRandom(seed));
    for (Assignor assignor : Assignor.ALL) {
      Map<String, SortedSet<Partition>> result = assignor.assign(group);
      assertThat(result.keySet()).isEqualTo(group.members().keySet());
      List<Partition> given = new ArrayList<>();
      result.forEach(
          (id, partitions) -> {
            given.addAll(partitions);
            assertThat(of(group.members(), id).subscribed())
                .containsAll(partitions.stream().map(Partition::topic).toList());
          });
      Set<Partition> wanted = new HashSet<>();
      group
          .topics()
          .forEach(
              (topic, spec) -> {
                boolean read =
                    group.members().values().stream()
                        .anyMatch(member -> member.subscribed().contains(topic));
                for (int i = 0; read && i < spec.partitions(); i++) {
                  wanted.add(new Partition(topic, i));
                }
              });
      assertThat(given).containsExactlyInAnyOrderElementsOf(wanted);
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void uniform_isBalanced_andMovesNothingWithoutNeed(long seed) {
    Assignor uniform = new UniformAssignor();
    GroupSpec group = random(new SplittableRandom(seed));
    Map<String, SortedSet<Partition>> before = uniform.assign(group);

    // Nobody could give one to somebody who has two fewer and would take it.
    before.forEach(
        (from, partitions) ->
            before.forEach(
                (to, others) -> {
                  if (partitions.size() - others.size() >= 2) {
                    assertThat(partitions)
                        .noneMatch(
                            partition ->
                                of(group.members(), to).subscribed().contains(partition.topic()));
                  }
                }));
    assertThat(uniform.assign(withOwned(group, before, "nobody"))).isEqualTo(before);
    assertThat(uniform.assign(withOwned(group, before, "nobody"))).isEqualTo(before);

    // Where all want the same, a member that goes costs the others nothing.
    boolean alike =
        group.members().values().stream().map(Member::subscribed).distinct().count() == 1;
    if (alike && group.members().size() > 1) {
      Map<String, SortedSet<Partition>> after = uniform.assign(withOwned(group, before, "m0"));
      after.forEach((id, partitions) -> assertThat(partitions).containsAll(of(before, id)));
    }
  }

  @Test
  void uniform_prefersANearMember() {
    SortedMap<String, Member> members = new TreeMap<>();
    SortedMap<Uuid, Topic> topics = new TreeMap<>();
    Uuid topic = new Uuid(1, 1);
    members.put("x", new Member(null, "east", Set.of(topic), Set.of()));
    members.put("y", new Member(null, "west", Set.of(topic), Set.of()));
    topics.put(
        topic,
        new Topic(4, List.of(Set.of("west"), Set.of("east"), Set.of("west"), Set.of("east"))));
    Map<String, SortedSet<Partition>> result =
        new UniformAssignor().assign(new GroupSpec(members, topics));
    assertThat(of(result, "y")).contains(new Partition(topic, 0), new Partition(topic, 2));
  }

  @Test
  void range_givesTheSameNumbersOfEachTopicToTheSameMember() {
    SortedMap<String, Member> members = new TreeMap<>();
    SortedMap<Uuid, Topic> topics = new TreeMap<>();
    Uuid one = new Uuid(1, 1);
    Uuid two = new Uuid(2, 2);
    topics.put(one, new Topic(5, List.of()));
    topics.put(two, new Topic(5, List.of()));
    for (String id : List.of("a", "b")) {
      members.put(id, new Member(null, null, Set.of(one, two), Set.of()));
    }
    Map<String, SortedSet<Partition>> result =
        new RangeAssignor().assign(new GroupSpec(members, topics));
    assertThat(of(result, "a").stream().map(Partition::index).toList())
        .containsExactly(0, 1, 2, 0, 1, 2);
    assertThat(of(result, "b").stream().map(Partition::index).toList()).containsExactly(3, 4, 3, 4);
  }

  @Test
  void largeGroup_isAssignedFast() {
    SortedMap<String, Member> members = new TreeMap<>();
    SortedMap<Uuid, Topic> topics = new TreeMap<>();
    for (int i = 0; i < 4; i++) {
      topics.put(new Uuid(i, i), new Topic(100, List.of()));
    }
    for (int i = 0; i < 199; i++) {
      members.put("m" + i, new Member(null, null, topics.keySet(), Set.of()));
    }
    Map<String, SortedSet<Partition>> before =
        new UniformAssignor().assign(new GroupSpec(members, topics));
    SortedMap<String, Member> more = new TreeMap<>();
    members.forEach(
        (id, member) -> more.put(id, new Member(null, null, member.subscribed(), of(before, id))));
    more.put("n", new Member(null, null, topics.keySet(), Set.of()));
    Map<String, SortedSet<Partition>> after =
        new UniformAssignor().assign(new GroupSpec(more, topics));
    assertThat(of(after, "n")).hasSize(2);
  }
}
