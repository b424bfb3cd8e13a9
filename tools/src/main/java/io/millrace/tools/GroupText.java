package io.millrace.tools;

import io.millrace.client.GroupDescription;
import io.millrace.client.GroupMember;
import io.millrace.client.TopicPartition;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Groups, members and partitions in words. Pure. */
final class GroupText {

  private static final int MEMBERS_NAMED = 5;

  private GroupText() {}

  /** {@code orders:0,1,2 returns:0}. */
  static String partitions(Collection<TopicPartition> partitions) {
    Map<String, List<Integer>> byTopic =
        partitions.stream()
            .sorted()
            .collect(
                Collectors.groupingBy(
                    TopicPartition::topic,
                    TreeMap::new,
                    Collectors.mapping(TopicPartition::partition, Collectors.toList())));
    return byTopic.entrySet().stream()
        .map(
            topic ->
                topic.getKey()
                    + ":"
                    + topic.getValue().stream()
                        .map(String::valueOf)
                        .collect(Collectors.joining(",")))
        .collect(Collectors.joining(" "));
  }

  /** {@code 2 members}. */
  static String count(long number, String thing) {
    return number + " " + thing + (number == 1 ? "" : "s");
  }

  /** Who is in a group: {@code client-a at /10.0.0.1, client-b at /10.0.0.2}. */
  static String members(GroupDescription group) {
    String named =
        group.members().stream()
            .limit(MEMBERS_NAMED)
            .map(member -> member.clientId() + " at " + member.host())
            .collect(Collectors.joining(", "));
    int more = group.members().size() - MEMBERS_NAMED;
    return more > 0 ? named + " and " + more + " more" : named;
  }

  /** The first line about a group. */
  static String headline(GroupDescription group) {
    StringBuilder line = new StringBuilder();
    line.append("Group ").append(group.groupId());
    line.append("  ").append(group.type()).append(", ").append(group.state());
    line.append("  ").append(count(group.members().size(), "member"));
    line.append("  assignor ").append(group.assignor().isEmpty() ? "none yet" : group.assignor());
    if (group.epoch() >= 0) {
      line.append("  epoch ").append(group.epoch());
    }
    return line.append("  coordinator ").append(group.coordinator()).toString();
  }

  /** What scripts get of the group itself. */
  static Map<String, Object> json(GroupDescription group) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("group", group.groupId());
    json.put("type", group.type());
    json.put("state", group.state());
    json.put("protocol", group.protocolType());
    json.put("assignor", group.assignor());
    json.put("epoch", group.epoch());
    json.put("assignmentEpoch", group.assignmentEpoch());
    Map<String, Object> coordinator = new LinkedHashMap<>();
    coordinator.put("id", group.coordinator().id());
    coordinator.put("host", group.coordinator().host());
    coordinator.put("port", group.coordinator().port());
    json.put("coordinator", coordinator);
    return json;
  }

  /** What scripts get of partitions: a map from topic to numbers. */
  static Map<String, Object> json(Collection<TopicPartition> partitions) {
    Map<String, Object> json = new LinkedHashMap<>();
    partitions.stream()
        .sorted()
        .collect(
            Collectors.groupingBy(
                TopicPartition::topic,
                TreeMap::new,
                Collectors.mapping(TopicPartition::partition, Collectors.toList())))
        .forEach(json::put);
    return json;
  }

  /** How a member subscribes. */
  static String subscription(GroupMember member) {
    String topics = String.join(",", member.topics());
    String regex = member.topicRegex();
    if (regex == null || regex.isEmpty()) {
      return topics.isEmpty() ? "-" : topics;
    }
    return topics.isEmpty() ? "/" + regex + "/" : topics + " /" + regex + "/";
  }
}
