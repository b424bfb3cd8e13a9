package io.millrace.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.MillraceException;
import io.millrace.protocol.ErrorCode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What a command does about groups that it cannot learn anything of. */
class GroupChoiceTest {

  /** Has the flags and does nothing. */
  @Command
  private static final class Flags implements Runnable {
    @Mixin private ClusterOptions cluster;
    @Mixin private Console console;
    @Mixin private GroupChoice choice;

    @Override
    public void run() {
      choice.check();
    }
  }

  private final StringWriter err = new StringWriter();

  private Flags parsed(String... arguments) {
    Flags flags = new Flags();
    CommandLine line = new CommandLine(flags);
    line.setErr(new PrintWriter(err, true));
    assertThat(line.execute(arguments)).isZero();
    return flags;
  }

  private static CompletableFuture<String> failed(ErrorCode error) {
    return CompletableFuture.failedFuture(new MillraceException(error, "why: " + error));
  }

  @Test
  void groupWhoseCoordinatorIsAway_isNamed_andHidesNoOther() {
    // given
    Flags flags = parsed("--group", "a", "--group", "b");
    Map<String, CompletableFuture<String>> answers =
        Map.of(
            "a",
            failed(ErrorCode.REQUEST_TIMED_OUT),
            "b",
            CompletableFuture.completedFuture("found"));

    // when, then
    assertThat(flags.choice.findOrSay(answers, "a", flags.cluster, flags.console)).isEmpty();
    assertThat(flags.choice.findOrSay(answers, "b", flags.cluster, flags.console))
        .contains("found");
    assertThat(err.toString()).contains("group 'a' is missing here", "REQUEST_TIMED_OUT");
    assertThat(flags.choice.isComplete()).isFalse();
  }

  @Test
  void onlyGroup_failsTheCommand() {
    Flags flags = parsed("--group", "a");
    Map<String, CompletableFuture<String>> answers =
        Map.of("a", failed(ErrorCode.COORDINATOR_NOT_AVAILABLE));

    assertThatThrownBy(() -> flags.choice.findOrSay(answers, "a", flags.cluster, flags.console))
        .isInstanceOf(MillraceException.class);
  }

  @Test
  void groupThatIsGoneSinceItWasListed_isPassedOver() {
    Flags flags = parsed("--all-groups");
    Map<String, CompletableFuture<String>> answers =
        Map.of("a", failed(ErrorCode.GROUP_ID_NOT_FOUND));

    assertThat(flags.choice.findOrSay(answers, "a", flags.cluster, flags.console)).isEmpty();
    assertThat(err.toString()).isEmpty();
    assertThat(flags.choice.isComplete()).isTrue();
  }
}
