package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tools.system.GroupMember.Subscription;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Apache's ConsumerGroupCommand, from its published artifact, in a process of its own: what it says
 * of groups, and what it changes.
 */
@Execution(ExecutionMode.CONCURRENT)
@SuppressWarnings("try") // members are held, not called, and some leave early
class GroupsToolIT {

  private static final Duration LIMIT = Duration.ofSeconds(40);
  private static final String TOOL = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";

  @TempDir private static Path directory;
  private static ProcessCluster cluster;

  @BeforeAll
  static void startCluster() throws IOException {
    cluster = GroupClusters.start(directory, 1);
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @Test
  void groupsOfBothProtocols_areListedAndDescribedWithTheirMembersAndLag() throws Exception {
    cluster.createTopic("told", 2, 1);
    Set<TopicPartition> partitions = GroupClusters.partitions("told", 2);
    Map<TopicPartition, Long> ends = GroupClusters.produce(cluster, partitions, 10);
    GroupLedger one = new GroupLedger();
    GroupLedger other = new GroupLedger();
    try (GroupMember classic =
            new GroupMember(
                "classic",
                GroupClusters.classic(cluster, "told-classic", "range"),
                Subscription.topics(List.of("told")),
                one);
        GroupMember modern =
            new GroupMember(
                "modern",
                GroupClusters.modern(cluster, "told-modern", "uniform"),
                Subscription.topics(List.of("told")),
                other)) {
      one.awaitCommitted(ends, LIMIT);
      other.awaitCommitted(ends, LIMIT);

      List<String[]> list = table("--list", "--state", "--type");
      assertThat(list)
          .anySatisfy(row -> assertThat(row).containsExactly("told-classic", "Classic", "Stable"));
      assertThat(list)
          .anySatisfy(row -> assertThat(row).containsExactly("told-modern", "Consumer", "Stable"));
      for (String group : List.of("told-classic", "told-modern")) {
        List<String[]> offsets = table("--describe", "--group", group);
        assertThat(offsets).hasSize(3);
        for (String[] row : offsets.subList(1, 3)) {
          assertThat(row).startsWith(group, "told").contains("10", "0", "/127.0.0.1");
        }
      }
      assertThat(table("--describe", "--group", "told-modern", "--members", "--verbose").get(1))
          .contains("told-modern", "2");
      assertThat(table("--describe", "--group", "told-classic", "--state").get(1))
          .contains("told-classic", "range", "Stable", "1");
    }
  }

  @Test
  void offsetsOfAnEmptyGroup_areResetDeletedAndTheGroupWithThem() throws Exception {
    cluster.createTopic("changed", 2, 1);
    TopicPartition first = new TopicPartition("changed", 0);
    TopicPartition second = new TopicPartition("changed", 1);
    GroupClusters.produce(cluster, Set.of(first, second), 10);
    cluster
        .admin()
        .alterConsumerGroupOffsets(
            "changed", Map.of(first, new OffsetAndMetadata(4), second, new OffsetAndMetadata(6)))
        .all()
        .get();

    tool("--reset-offsets", "--group", "changed", "--topic", "changed", "--to-latest", "--dry-run");
    assertThat(GroupClusters.committed(cluster, "changed"))
        .isEqualTo(Map.of(first, 4L, second, 6L));
    tool(
        "--reset-offsets",
        "--group",
        "changed",
        "--topic",
        "changed:0",
        "--shift-by",
        "-2",
        "--execute");
    assertThat(GroupClusters.committed(cluster, "changed"))
        .isEqualTo(Map.of(first, 2L, second, 6L));
    tool("--reset-offsets", "--group", "changed", "--all-topics", "--to-earliest", "--execute");
    assertThat(GroupClusters.committed(cluster, "changed"))
        .isEqualTo(Map.of(first, 0L, second, 0L));
    tool("--delete-offsets", "--group", "changed", "--topic", "changed:1");
    assertThat(GroupClusters.committed(cluster, "changed")).isEqualTo(Map.of(first, 0L));
    tool("--delete", "--group", "changed");
    assertThat(tool("--list")).doesNotContain("changed");
  }

  /** The tool's rows, split at blanks, with the heading. */
  private static List<String[]> table(String... arguments) throws Exception {
    return tool(arguments)
        .lines()
        .filter(line -> !line.isBlank() && !line.contains("SLF4J"))
        .map(line -> line.trim().split("\\s+"))
        .toList();
  }

  private static String tool(String... arguments) throws Exception {
    File jars = new File(System.getProperty("millrace.kafka-tools"));
    assertThat(jars).as("filled by the build").isDirectory();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"));
    command.addAll(List.of(jars + File.separator + "*", TOOL));
    command.addAll(List.of("--bootstrap-server", cluster.bootstrap(), "--timeout", "20000"));
    command.addAll(Arrays.asList(arguments));
    Path output = Files.createTempFile(directory, "tool", ".log");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(
          "the tool did not end: " + command + Files.readString(output) + cluster.outputs());
    }
    String text = Files.readString(output, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as("%s%n%s", command, text).isZero();
    assertThat(text).doesNotContain("Error:");
    return text;
  }
}
