package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.GroupDescription;
import io.millrace.client.MillraceException;
import io.millrace.protocol.ErrorCode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code millrace groups delete}. */
@Command(
    name = "delete",
    description =
        "Deletes groups without members, with all they have committed. There is no way back.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace groups delete --group billing",
      "  millrace groups delete --group billing --group reports",
      "",
      "To be able to go back, keep the offsets:",
      "  millrace groups reset-offsets --group billing --all-topics --to-current --export > billing.csv"
    })
final class GroupsDeleteCommand implements Callable<Integer> {

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
      Map<String, CompletableFuture<Void>> answers = admin.deleteGroups(names);
      boolean isDone = choice.isComplete();
      for (String name : names) {
        isDone &= report(admin, name, answers.get(name));
      }
      return isDone ? ExitCode.OK : ExitCode.FAILED;
    }
  }

  private boolean report(Admin admin, String group, @Nullable CompletableFuture<Void> answer) {
    try {
      cluster.await(answer == null ? null : answer.thenApply(done -> true));
      print(group, null);
      return true;
    } catch (MillraceException e) {
      if (e.error() == ErrorCode.GROUP_ID_NOT_FOUND) {
        print(group, GroupFailures.text(e));
        if (!console.json()) {
          GroupChoice.sayUnknown(group, console);
        }
      } else {
        String reason =
            e.error() == ErrorCode.NON_EMPTY_GROUP ? inUse(admin, group) : GroupFailures.text(e);
        print(group, reason);
        console.err().println("millrace: group '" + group + "' is not deleted: " + reason);
      }
      return false;
    }
  }

  private String inUse(Admin admin, String group) {
    GroupDescription members =
        GroupChoice.find(admin.describeGroups(List.of(group)), group, cluster).orElse(null);
    return members == null || members.members().isEmpty()
        ? "it had members a moment ago; try again"
        : "it has "
            + GroupText.count(members.members().size(), "member")
            + " that must be stopped first: "
            + GroupText.members(members);
  }

  private void print(String group, @Nullable String failure) {
    if (console.json()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("group", group);
      json.put("deleted", failure == null);
      json.put("failure", failure);
      console.printJson(json);
    } else if (failure == null) {
      console.say("Deleted group " + group + ".");
    }
  }
}
