package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.GroupDescription;
import io.millrace.client.GroupListing;
import io.millrace.client.GroupListings;
import io.millrace.client.GroupType;
import io.millrace.client.MillraceException;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Option;

/** Which groups a command is about; the flags that several share. */
final class GroupChoice {

  @Option(names = "--group", paramLabel = "GROUP", description = "Which one; may be repeated.")
  private List<String> names = new ArrayList<>();

  @Option(names = "--all-groups", description = "All groups of consumers.")
  private boolean all;

  private boolean isComplete = true;

  /** The named ones; empty with {@code --all-groups}. */
  List<String> names() {
    return List.copyOf(new LinkedHashSet<>(names));
  }

  boolean all() {
    return all;
  }

  /**
   * @throws CommandFailure unless groups are chosen in exactly one way
   */
  void check() {
    if (all == !names.isEmpty()) {
      throw new CommandFailure(
          ExitCode.USAGE,
          all
              ? "--group and --all-groups exclude one another"
              : "which group? Give --group or --all-groups",
          "See which there are: millrace groups list");
    }
    isComplete = true;
    for (String name : names) {
      if (name.isEmpty()) {
        throw new CommandFailure(ExitCode.USAGE, "--group is empty", null);
      }
    }
  }

  /** The chosen groups' names. Warns of brokers that did not answer. */
  List<String> resolve(Admin admin, ClusterOptions cluster, Console console) {
    check();
    if (!all) {
      return names();
    }
    GroupListings listings = cluster.await(admin.listGroups());
    warn(listings, console);
    isComplete &= listings.isComplete();
    return listings.groups().stream()
        .filter(GroupChoice::isOfConsumers)
        .map(GroupListing::groupId)
        .toList();
  }

  /** Those that have committed offsets and partitions; Connect's workers, say, have not. */
  static boolean isOfConsumers(GroupListing group) {
    boolean isOfType =
        group.type() == GroupType.CLASSIC
            || group.type() == GroupType.CONSUMER
            || group.type() == GroupType.UNKNOWN;
    return isOfType && (group.protocolType().isEmpty() || group.protocolType().equals("consumer"));
  }

  /** Whose groups are missing goes to standard error, so that lists stay lists. */
  static void warn(GroupListings listings, Console console) {
    listings
        .unanswered()
        .forEach(
            (broker, reason) ->
                console
                    .err()
                    .println(
                        "millrace: broker "
                            + broker
                            + " did not say which groups it has, so they are missing here: "
                            + reason.getMessage()));
    if (!listings.leaderless().isEmpty()) {
      console
          .err()
          .println(
              "millrace: "
                  + GroupText.count(listings.leaderless().size(), "partition")
                  + " of the groups' topic "
                  + (listings.leaderless().size() == 1 ? "has" : "have")
                  + " no leader now, so the groups in there are missing here: "
                  + listings.leaderless());
    }
  }

  /** A group, or nothing where there is no such group; other failures are thrown. */
  static Optional<GroupDescription> find(
      Map<String, CompletableFuture<GroupDescription>> described,
      String group,
      ClusterOptions cluster) {
    try {
      return Optional.of(cluster.await(described.get(group)));
    } catch (MillraceException e) {
      if (e.error() == ErrorCode.GROUP_ID_NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /**
   * What was found out about a group; else says on standard error why nothing was. One group that
   * cannot be asked about hides no others; where it is the only one, the failure is thrown.
   */
  <T> Optional<T> findOrSay(
      Map<String, CompletableFuture<T>> answers,
      String group,
      ClusterOptions cluster,
      Console console) {
    try {
      return Optional.of(cluster.await(answers.get(group)));
    } catch (MillraceException | CommandFailure e) {
      boolean isUnknown =
          e instanceof MillraceException failure && failure.error() == ErrorCode.GROUP_ID_NOT_FOUND;
      if (isUnknown && all) {
        return Optional.empty(); // deleted since it was listed
      }
      isComplete = false;
      if (isUnknown) {
        sayUnknown(group, console);
      } else if (answers.size() == 1) {
        throw e;
      } else {
        console.err().println("millrace: group '" + group + "' is missing here: " + e.getMessage());
      }
      return Optional.empty();
    }
  }

  /** Whether all brokers and groups that were asked about have answered. */
  boolean isComplete() {
    return isComplete;
  }

  /** There is no group to do anything about, as far as brokers have answered. */
  int sayNone(Console console) {
    if (isComplete) {
      console.say("No groups yet.");
    }
    return isComplete ? ExitCode.OK : ExitCode.FAILED;
  }

  /** Tells of a group that does not exist. */
  static void sayUnknown(String group, Console console) {
    console.err().println("millrace: there is no group '" + group + "'");
    console.err().println("  See which there are: millrace groups list");
  }
}
