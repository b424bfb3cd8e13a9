package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.GroupListing;
import io.millrace.client.GroupListings;
import io.millrace.client.GroupState;
import io.millrace.client.GroupType;
import io.millrace.tools.output.Table;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace groups list}. */
@Command(
    name = "list",
    description =
        "Lists groups. Asks every broker; one that does not answer is named on standard error.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace groups list",
      "  millrace groups list --state stable --type consumer",
      "  millrace groups list --names | xargs -n 1 millrace groups describe --group"
    })
final class GroupsListCommand implements Callable<Integer> {

  @Mixin private ClusterOptions cluster;
  @Mixin private Console console;

  @Option(
      names = "--state",
      split = ",",
      paramLabel = "STATE",
      description =
          "Only groups in these states: stable, empty, preparingRebalance, completingRebalance, assigning, reconciling, dead.")
  private List<String> states = List.of();

  @Option(
      names = "--type",
      split = ",",
      paramLabel = "TYPE",
      description = "Only groups of these types: classic, consumer, share, streams.")
  private List<String> types = List.of();

  @Option(names = "--names", description = "Only names, one a line.")
  private boolean namesOnly;

  @Override
  public Integer call() {
    Set<GroupState> wantedStates = new HashSet<>();
    for (String name : states) {
      GroupState state = GroupState.ofWireName(name.strip());
      wantedStates.add(known("--state", name, state, GroupState.UNKNOWN, GroupState.values()));
    }
    Set<GroupType> wantedTypes = new HashSet<>();
    for (String name : types) {
      GroupType type = GroupType.ofWireName(name.strip());
      wantedTypes.add(known("--type", name, type, GroupType.UNKNOWN, GroupType.values()));
    }
    try (Admin admin = cluster.admin()) {
      GroupListings listings = cluster.await(admin.listGroups(wantedStates, wantedTypes));
      print(listings.groups(), listings.isComplete());
      GroupChoice.warn(listings, console);
      return listings.isComplete() ? ExitCode.OK : ExitCode.FAILED;
    }
  }

  private static <E extends Enum<E>> E known(
      String flag, String given, E value, E unknown, E[] all) {
    if (value == unknown) {
      throw new CommandFailure(
          ExitCode.USAGE,
          flag
              + " is '"
              + given
              + "', expected one of "
              + Arrays.stream(all)
                  .filter(each -> each != unknown)
                  .map(String::valueOf)
                  .collect(Collectors.joining(", ")),
          null);
    }
    return value;
  }

  private void print(List<GroupListing> groups, boolean isComplete) {
    Table table = new Table("GROUP", "TYPE", "STATE", "PROTOCOL", ">COORDINATOR");
    for (GroupListing group : groups) {
      if (console.json()) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("group", group.groupId());
        entry.put("type", group.type());
        entry.put("state", group.state());
        entry.put("protocol", group.protocolType());
        entry.put("coordinator", group.coordinator());
        console.printJson(entry);
      } else if (namesOnly) {
        console.say(group.groupId());
      } else {
        table.row(
            group.groupId(),
            group.type(),
            group.state(),
            group.protocolType().isEmpty() ? "-" : group.protocolType(),
            group.coordinator());
      }
    }
    if (console.json() || namesOnly) {
      return;
    }
    if (!table.isEmpty()) {
      console.print(table);
    } else if (!isComplete) {
      console.say("No group is known.");
    } else if (states.isEmpty() && types.isEmpty()) {
      console.say(
          "No groups yet. A consumer makes one: millrace consume --topic TOPIC --group GROUP");
    } else {
      console.say("No group matches.");
    }
  }
}
