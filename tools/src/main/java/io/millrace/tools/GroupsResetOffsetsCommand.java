package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.GroupDescription;
import io.millrace.client.GroupState;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicPartition;
import io.millrace.protocol.ErrorCode;
import io.millrace.tools.groups.OffsetsCsv;
import io.millrace.tools.groups.PartitionOffsets;
import io.millrace.tools.groups.PlannedReset;
import io.millrace.tools.groups.ResetRule;
import io.millrace.tools.groups.TopicScope;
import io.millrace.tools.output.Table;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace groups reset-offsets}. */
@Command(
    name = "reset-offsets",
    description = {
      "Sets where groups go on reading. Shows what would happen; --execute does it.",
      "",
      "A group must have no members: they would not notice, and commit over it. Offsets outside of what a partition has are moved to its start or end, and the table says so."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace groups reset-offsets --group billing --topic orders --to-earliest",
      "  millrace groups reset-offsets --group billing --topic orders:0,2 --shift-by -100 --execute",
      "  millrace groups reset-offsets --group billing --all-topics --to-datetime 2026-11-22T08:00:00Z --execute",
      "  millrace groups reset-offsets --group billing --all-topics --by-duration PT2H --execute",
      "  millrace groups reset-offsets --group billing --all-topics --to-current --export > billing.csv",
      "  millrace groups reset-offsets --group billing --from-file billing.csv --execute"
    })
final class GroupsResetOffsetsCommand implements Callable<Integer> {

  @Mixin private ClusterOptions cluster;
  @Mixin private Console console;
  @Mixin private GroupChoice choice;
  @Mixin private ResetTargetOptions target;

  @Option(
      names = "--topic",
      paramLabel = "TOPIC[:PARTITION,...]",
      description = "Which topic, or only some of its partitions; may be repeated.")
  private List<String> topics = new ArrayList<>();

  @Option(names = "--all-topics", description = "All partitions that the group has committed to.")
  private boolean allTopics;

  @Option(names = "--execute", description = "Sets the offsets.")
  private boolean execute;

  @Option(names = "--dry-run", description = "Only shows what would happen: the default.")
  private boolean dryRun;

  @Option(
      names = "--export",
      description = "Prints the new offsets as CSV, as --from-file reads it, instead of a table.")
  private boolean export;

  @Override
  public Integer call() throws IOException {
    choice.check();
    target.check();
    List<TopicScope> scopes = topics.stream().map(TopicScope::parse).toList();
    checkScope(scopes);
    Map<String, Map<TopicPartition, Long>> file =
        target.isFromFile() ? target.readFile(choice.names()) : Map.of();
    try (Admin admin = cluster.admin()) {
      List<String> names =
          target.isFromFile() && choice.all()
              ? List.copyOf(file.keySet())
              : choice.resolve(admin, cluster, console);
      if (names.isEmpty()) {
        return choice.sayNone(console);
      }
      Long time = target.pointInTime(System::currentTimeMillis);
      if (time != null && !export) {
        console.say("To the first records of " + Instant.ofEpochMilli(time) + " or later:");
      }
      var descriptions = admin.describeGroups(names);
      var committed = admin.committedOffsets(names);
      boolean isDone = choice.isComplete();
      for (String name : names) {
        GroupDescription group = GroupChoice.find(descriptions, name, cluster).orElse(null);
        if (group != null && !isIdle(group)) {
          refuse(group);
          isDone = false;
          continue;
        }
        CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> answer = committed.get(name);
        isDone &=
            reset(
                admin,
                name,
                group == null,
                scopes,
                cluster.await(answer),
                file.getOrDefault(name, Map.of()),
                names.size() > 1);
      }
      if (!execute && isDone) {
        String reminder = "Nothing was changed: add --execute to set these offsets.";
        if (export) {
          console.err().println(reminder);
        } else {
          console.say(reminder);
        }
      }
      return isDone ? ExitCode.OK : ExitCode.FAILED;
    }
  }

  private void checkScope(List<TopicScope> scopes) {
    if (execute && dryRun) {
      throw new CommandFailure(ExitCode.USAGE, "--execute and --dry-run exclude one another", null);
    }
    int given = (allTopics ? 1 : 0) + (scopes.isEmpty() ? 0 : 1) + (target.isFromFile() ? 1 : 0);
    if (given != 1) {
      throw new CommandFailure(
          ExitCode.USAGE,
          given == 0
              ? "of which topics? Give --topic TOPIC, --topic TOPIC:PARTITION,... or --all-topics"
              : "--topic, --all-topics and --from-file exclude one another",
          null);
    }
  }

  private static boolean isIdle(GroupDescription group) {
    return group.state() == GroupState.EMPTY || group.state() == GroupState.DEAD;
  }

  private void refuse(GroupDescription group) {
    console
        .err()
        .println(
            "millrace: group '"
                + group.groupId()
                + "' is in use (state "
                + group.state()
                + "), its offsets are not touched: "
                + GroupText.members(group));
    console
        .err()
        .println(
            "  Stop its members, or wait until their sessions have ended, and try again. See: millrace groups members --group "
                + group.groupId());
  }

  /** Plans, shows and, if asked to, carries out; false when something of it failed. */
  private boolean reset(
      Admin admin,
      String group,
      boolean isNew,
      List<TopicScope> scopes,
      Map<TopicPartition, OffsetAndMetadata> committed,
      Map<TopicPartition, Long> file,
      boolean isOneOfMany) {
    List<TopicPartition> partitions = partitions(admin, scopes, committed, file);
    if (partitions.isEmpty()) {
      console
          .err()
          .println(
              isNew
                  ? "millrace: there is no group '" + group + "', and so nothing it has committed"
                  : "millrace: group '" + group + "' has committed nothing in existing topics");
      console.err().println("  Name a topic to begin with: --topic TOPIC");
      return false;
    }
    Map<TopicPartition, PartitionOffsets> ends =
        new GroupLag(admin, cluster, System::currentTimeMillis).ends(partitions);
    List<PartitionOffsets> now = new ArrayList<>();
    for (TopicPartition partition : partitions) {
      PartitionOffsets end = ends.get(partition);
      if (end == null) {
        throw new CommandFailure(
            ExitCode.FAILED,
            "the leader of " + partition + " does not answer, so its offsets are not known",
            "See: millrace topics describe --topic " + partition.topic());
      }
      OffsetAndMetadata commit = committed.get(partition);
      now.add(
          new PartitionOffsets(
              partition, commit == null ? null : commit.offset(), end.start(), end.end()));
    }
    ResetRule rule =
        target.isFromFile()
            ? ResetRule.toOffsets(file)
            : target.rule(admin, cluster, partitions, System::currentTimeMillis);
    List<PlannedReset> plan = PlannedReset.plan(rule, now);
    Map<TopicPartition, String> failures = execute ? execute(admin, group, plan) : Map.of();
    print(group, isNew, plan, failures, isOneOfMany);
    return failures.isEmpty();
  }

  private List<TopicPartition> partitions(
      Admin admin,
      List<TopicScope> scopes,
      Map<TopicPartition, OffsetAndMetadata> committed,
      Map<TopicPartition, Long> file) {
    if (!scopes.isEmpty()) {
      Set<String> names = new LinkedHashSet<>();
      scopes.forEach(scope -> names.add(scope.topic()));
      var topics = admin.describeTopics(names);
      Set<TopicPartition> wanted = new TreeSet<>();
      for (TopicScope scope : scopes) {
        wanted.addAll(scope.of(described(topics.get(scope.topic()), scope).partitions().size()));
      }
      return List.copyOf(wanted);
    }
    Set<String> missing = new TreeSet<>();
    Set<TopicPartition> wanted =
        new TreeSet<>(target.isFromFile() ? file.keySet() : committed.keySet());
    List<TopicPartition> there =
        new GroupLag(admin, cluster, System::currentTimeMillis).existing(wanted, missing);
    if (target.isFromFile() && there.size() < wanted.size()) {
      there.forEach(wanted::remove);
      throw new CommandFailure(
          ExitCode.FAILED, "the file names partitions that do not exist: " + wanted, null);
    }
    missing.forEach(
        topic ->
            console
                .err()
                .println("millrace: there is no topic " + topic + " any more, it is left out"));
    return there;
  }

  private TopicDescription described(
      @Nullable CompletableFuture<TopicDescription> answer, TopicScope scope) {
    try {
      return cluster.await(answer);
    } catch (MillraceException e) {
      if (e.error() == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
        throw new CommandFailure(
            ExitCode.FAILED,
            "there is no topic '" + scope.topic() + "'",
            "See which there are: millrace topics list");
      }
      throw e;
    }
  }

  /** Why partitions could not be set. */
  private Map<TopicPartition, String> execute(Admin admin, String group, List<PlannedReset> plan) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (PlannedReset reset : plan) {
      if (reset.isChange()) {
        offsets.put(reset.partition(), new OffsetAndMetadata(reset.to()));
      }
    }
    Map<TopicPartition, String> failures = new LinkedHashMap<>();
    admin
        .alterGroupOffsets(group, offsets)
        .forEach(
            (partition, answer) -> {
              String failure = GroupFailures.of(cluster, answer);
              if (failure != null) {
                failures.put(partition, failure);
              }
            });
    return failures;
  }

  private void print(
      String group,
      boolean isNew,
      List<PlannedReset> plan,
      Map<TopicPartition, String> failures,
      boolean isOneOfMany) {
    if (export) {
      for (PlannedReset reset : plan) {
        console
            .out()
            .println(
                isOneOfMany
                    ? OffsetsCsv.line(group, reset.partition(), reset.to())
                    : OffsetsCsv.line(reset.partition(), reset.to()));
      }
      console.out().flush();
    } else if (console.json()) {
      plan.forEach(reset -> console.printJson(json(group, reset, failures.get(reset.partition()))));
    } else {
      console.say("Group " + group + (isNew ? ", which is new" : "") + ":");
      Table table = new Table("TOPIC", ">PARTITION", ">OLD", "", ">NEW", ">CHANGE", "NOTE");
      for (PlannedReset reset : plan) {
        table.row(
            reset.partition().topic(),
            reset.partition().partition(),
            reset.from() == null ? "-" : reset.from(),
            "->",
            reset.to(),
            reset.difference(),
            failures.getOrDefault(reset.partition(), reset.note()));
      }
      console.print(table);
      if (execute && failures.isEmpty()) {
        long changes = plan.stream().filter(PlannedReset::isChange).count();
        console.say("Set " + GroupText.count(changes, "offset") + " of group " + group + ".");
      }
    }
    if (!failures.isEmpty()) {
      console
          .err()
          .println(
              "millrace: "
                  + GroupText.count(failures.size(), "offset")
                  + " of group '"
                  + group
                  + "' could not be set: "
                  + failures.values().iterator().next());
    }
  }

  private Map<String, Object> json(String group, PlannedReset reset, @Nullable String failure) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("group", group);
    json.put("topic", reset.partition().topic());
    json.put("partition", reset.partition().partition());
    json.put("oldOffset", reset.from());
    json.put("newOffset", reset.to());
    json.put("note", reset.note());
    json.put("executed", execute && failure == null);
    json.put("failure", failure);
    return json;
  }
}
