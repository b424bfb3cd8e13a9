package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.GroupDescription;
import io.millrace.client.GroupMember;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.tools.groups.Ages;
import io.millrace.tools.groups.PartitionOffsets;
import io.millrace.tools.output.Table;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code millrace groups describe}. */
@Command(
    name = "describe",
    description = {
      "Shows how far groups have read, and who reads.",
      "",
      "LAG counts the records between the committed offset and the end of the partition. LAG TIME is how long ago the first of them was written (now minus its timestamp): 0s when all is read. A record's timestamp is its producer's clock unless the topic says otherwise. COMMITTED is - where the group has committed nothing yet; END is - where the topic is gone or its leader does not answer."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace groups describe --group billing",
      "  millrace groups describe --all-groups",
      "  millrace groups describe --group billing --json | jq .totalLag"
    })
final class GroupsDescribeCommand implements Callable<Integer> {

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
      var offsets = admin.committedOffsets(names);
      List<GroupDescription> groups = new ArrayList<>();
      Map<String, Map<TopicPartition, OffsetAndMetadata>> committed = new HashMap<>();
      for (String name : names) {
        choice
            .findOrSay(descriptions, name, cluster, console)
            .ifPresent(
                group ->
                    choice
                        .findOrSay(offsets, name, cluster, console)
                        .ifPresent(
                            found -> {
                              groups.add(group);
                              committed.put(name, found);
                            }));
      }
      GroupLag.Report report =
          new GroupLag(admin, cluster, System::currentTimeMillis).read(groups, committed);
      for (GroupDescription group : groups) {
        List<GroupLag.Row> rows = report.rows().getOrDefault(group.groupId(), List.of());
        if (console.json()) {
          console.printJson(json(group, rows));
        } else {
          print(group, rows, report.missingTopics());
        }
      }
    }
    return choice.isComplete() ? ExitCode.OK : ExitCode.FAILED;
  }

  /** Sums over the partitions whose lag is known. */
  private record Total(long lag, @Nullable Long lagMillis, long uncommitted, long unknown) {
    static Total of(List<GroupLag.Row> rows) {
      long lag = 0;
      Long oldest = null;
      long uncommitted = 0;
      long unknown = 0;
      for (GroupLag.Row row : rows) {
        Long each = row.lag();
        Long millis = row.lagMillis();
        lag += each == null ? 0 : each;
        if (row.committed() == null) {
          uncommitted++;
        } else if (each == null) {
          unknown++;
        }
        if (millis != null) {
          oldest = oldest == null ? millis : Math.max(oldest, millis);
        }
      }
      return new Total(lag, oldest, uncommitted, unknown);
    }

    @Override
    public String toString() {
      StringBuilder text = new StringBuilder("Lag ").append(GroupText.count(lag, "record"));
      if (lagMillis != null && lagMillis > 0) {
        text.append(", the oldest unread one is ").append(Ages.text(lagMillis)).append(" old");
      }
      if (uncommitted > 0) {
        text.append("; nothing committed in ").append(GroupText.count(uncommitted, "partition"));
      }
      if (unknown > 0) {
        text.append("; not known of ").append(GroupText.count(unknown, "partition"));
      }
      return text.toString();
    }
  }

  private void print(GroupDescription group, List<GroupLag.Row> rows, Set<String> missing) {
    console.say(GroupText.headline(group));
    if (rows.isEmpty()) {
      console.say("It has committed nothing and reads nothing.");
      console.say("");
      return;
    }
    console.say(Total.of(rows).toString());
    Table table =
        new Table(
            "TOPIC",
            ">PARTITION",
            ">COMMITTED",
            ">END",
            ">LAG",
            ">LAG TIME",
            "CLIENT",
            "HOST",
            "MEMBER");
    for (GroupLag.Row row : rows) {
      GroupMember member = row.member();
      PartitionOffsets offsets = row.offsets();
      OffsetAndMetadata committed = row.committed();
      Long lagMillis = row.lagMillis();
      table.row(
          row.partition().topic(),
          row.partition().partition(),
          dash(committed == null ? null : committed.offset()),
          dash(offsets == null ? null : offsets.end()),
          dash(row.lag()),
          dash(lagMillis == null ? null : Ages.text(lagMillis)),
          member == null ? "-" : member.clientId(),
          member == null ? "-" : member.host(),
          member == null ? "-" : member.memberId());
    }
    console.print(table);
    for (GroupLag.Row row : rows) {
      PartitionOffsets offsets = row.offsets();
      if (offsets != null && offsets.lost() > 0) {
        console.say(
            row.partition()
                + ": "
                + GroupText.count(offsets.lost(), "record")
                + " of the lag are gone; the log starts at "
                + offsets.start());
      }
    }
    rows.stream()
        .map(row -> row.partition().topic())
        .distinct()
        .filter(missing::contains)
        .forEach(topic -> console.say("There is no topic " + topic + " any more."));
    console.say("");
  }

  private static Object dash(@Nullable Object value) {
    return Objects.requireNonNullElse(value, "-");
  }

  private static Map<String, Object> json(GroupDescription group, List<GroupLag.Row> rows) {
    Map<String, Object> json = GroupText.json(group);
    Total total = Total.of(rows);
    json.put("members", group.members().size());
    json.put("totalLag", total.lag());
    json.put("lagMs", total.lagMillis());
    List<Map<String, Object>> partitions = new ArrayList<>();
    for (GroupLag.Row row : rows) {
      OffsetAndMetadata committed = row.committed();
      PartitionOffsets offsets = row.offsets();
      GroupMember member = row.member();
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("topic", row.partition().topic());
      one.put("partition", row.partition().partition());
      one.put("committedOffset", committed == null ? null : committed.offset());
      one.put("leaderEpoch", committed == null ? null : committed.leaderEpoch());
      one.put("metadata", committed == null ? null : committed.metadata());
      one.put("startOffset", offsets == null ? null : offsets.start());
      one.put("endOffset", offsets == null ? null : offsets.end());
      one.put("lag", row.lag());
      one.put("lagMs", row.lagMillis());
      one.put("member", member == null ? null : member.memberId());
      one.put("client", member == null ? null : member.clientId());
      one.put("host", member == null ? null : member.host());
      partitions.add(one);
    }
    json.put("partitions", partitions);
    return json;
  }
}
