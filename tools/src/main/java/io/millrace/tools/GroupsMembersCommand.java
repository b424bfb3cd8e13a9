package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.GroupDescription;
import io.millrace.client.GroupMember;
import io.millrace.tools.output.Table;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code millrace groups members}. */
@Command(
    name = "members",
    description = {
      "Shows who is in groups, and what each member reads.",
      "",
      "-> stands before what a member is to read when it has not got there yet. EPOCH is that of the member; classic groups have none."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace groups members --group billing",
      "  millrace groups members --all-groups --json"
    })
final class GroupsMembersCommand implements Callable<Integer> {

  @Mixin private ClusterOptions cluster;
  @Mixin private Console console;
  @Mixin private GroupChoice choice;

  @Override
  public Integer call() {
    choice.check();
    try (Admin admin = cluster.admin()) {
      List<String> names = choice.resolve(admin, cluster, console);
      if (names.isEmpty()) {
        return choice.sayNone(console);
      }
      var descriptions = admin.describeGroups(names);
      for (String name : names) {
        GroupDescription group =
            choice.findOrSay(descriptions, name, cluster, console).orElse(null);
        if (group == null) {
          continue;
        }
        if (console.json()) {
          console.printJson(json(group));
        } else {
          print(group);
        }
      }
    }
    return choice.isComplete() ? ExitCode.OK : ExitCode.FAILED;
  }

  private static List<GroupMember> sorted(GroupDescription group) {
    return group.members().stream()
        .sorted(Comparator.comparing(GroupMember::clientId).thenComparing(GroupMember::memberId))
        .toList();
  }

  private void print(GroupDescription group) {
    console.say(GroupText.headline(group));
    if (group.members().isEmpty()) {
      console.say("Nobody is in it.");
      console.say("");
      return;
    }
    Table table =
        new Table(
            "CLIENT",
            "HOST",
            "INSTANCE",
            "PROTOCOL",
            ">EPOCH",
            ">PARTITIONS",
            "ASSIGNMENT",
            "SUBSCRIBES",
            "MEMBER");
    for (GroupMember member : sorted(group)) {
      table.row(
          member.clientId(),
          member.host(),
          Objects.requireNonNullElse(member.instanceId(), "-"),
          member.isClassic() ? "classic" : "consumer",
          member.epoch() < 0 ? "-" : member.epoch(),
          member.assignment().size(),
          assignment(member),
          GroupText.subscription(member),
          member.memberId());
    }
    console.print(table);
    console.say("");
  }

  private static String assignment(GroupMember member) {
    String now = GroupText.partitions(member.assignment());
    if (member.assignment().equals(member.target())) {
      return now.isEmpty() ? "-" : now;
    }
    String next = GroupText.partitions(member.target());
    return (now + " -> " + (next.isEmpty() ? "nothing" : next)).strip();
  }

  private static Map<String, Object> json(GroupDescription group) {
    Map<String, Object> json = GroupText.json(group);
    List<Map<String, Object>> members = new ArrayList<>();
    for (GroupMember member : sorted(group)) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("member", member.memberId());
      one.put("instance", member.instanceId());
      one.put("client", member.clientId());
      one.put("host", member.host());
      one.put("rack", member.rack());
      one.put("protocol", member.isClassic() ? "classic" : "consumer");
      one.put("epoch", member.epoch());
      one.put("topics", member.topics());
      one.put("topicRegex", member.topicRegex());
      one.put("assignment", GroupText.json(member.assignment()));
      one.put("target", GroupText.json(member.target()));
      members.add(one);
    }
    json.put("members", members);
    return json;
  }
}
