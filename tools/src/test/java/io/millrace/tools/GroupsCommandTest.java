package io.millrace.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Admin;
import io.millrace.client.NewTopic;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.Serializers;
import io.millrace.client.TopicPartition;
import io.millrace.protocol.network.FreePorts;
import io.millrace.server.Node;
import io.millrace.server.config.NodeConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** {@code millrace groups} against a real node, with Kafka's own consumers as members. */
@Timeout(60)
class GroupsCommandTest {

  private static final String TOPIC = "orders";
  private static final int RECORDS = 10;
  private static final long HOUR = 3_600_000;

  @TempDir static Path directory;

  private static Node node;
  private static Admin admin;

  @BeforeAll
  static void startNode() throws Exception {
    int controllerPort = FreePorts.find();
    Properties properties = new Properties();
    properties.setProperty("node.id", "1");
    properties.setProperty(
        "listeners", "PLAINTEXT://localhost:0,CONTROLLER://localhost:" + controllerPort);
    properties.setProperty("controller.quorum.voters", "1@localhost:" + controllerPort);
    properties.setProperty("log.dirs", directory.resolve("data").toString());
    properties.setProperty("offsets.topic.num.partitions", "2");
    node = get(Node.start(NodeConfig.from(properties)));
    admin = Admin.builder().bootstrapServers(bootstrap()).build();
    get(admin.createTopic(NewTopic.of(TOPIC, 2, 1)));
    try (Producer<byte[], byte[]> producer =
        Producer.builder(Serializers.bytes(), Serializers.bytes())
            .bootstrapServers(bootstrap())
            .build()) {
      for (int i = 0; i < 2 * RECORDS; i++) {
        producer.send(
            ProducerRecord.<byte[], byte[]>of(TOPIC, null, new byte[] {1})
                .withPartition(i % 2)
                .withTimestamp(System.currentTimeMillis() - HOUR));
      }
    }
  }

  @AfterAll
  static void stopNode() {
    admin.close();
    get(node.stop());
  }

  private static String bootstrap() {
    return "localhost:" + node.port();
  }

  private static <T> T get(CompletableFuture<T> future) {
    return future.orTimeout(30, TimeUnit.SECONDS).join();
  }

  /** How a command ended and what it printed. */
  private record Ended(int code, String out, String err) {}

  private static Ended groups(String... arguments) {
    CommandLine commandLine = Main.commandLine();
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    commandLine.setOut(new PrintWriter(out));
    commandLine.setErr(new PrintWriter(err));
    String[] all = new String[arguments.length + 3];
    all[0] = "groups";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    all[all.length - 2] = "-b";
    all[all.length - 1] = bootstrap();
    int code = commandLine.execute(all);
    return new Ended(code, out.toString(), err.toString());
  }

  private static Map<TopicPartition, OffsetAndMetadata> committed(String group) {
    return get(admin.committedOffsets(group));
  }

  @Test
  void unknownGroup_isNamed_withWhatToDoNext() {
    for (String command : List.of("describe", "members", "delete")) {
      Ended ended = groups(command, "--group", "nope");

      assertThat(ended.code()).as(command).isEqualTo(ExitCode.FAILED);
      assertThat(ended.err()).as(command).contains("no group 'nope'").contains("groups list");
    }
  }

  @Test
  void reset_onlyShowsWhatWouldHappen_untilItIsExecuted() {
    // when
    Ended shown = groups("reset-offsets", "--group", "dry", "--topic", TOPIC, "--to-offset", "4");
    Map<TopicPartition, OffsetAndMetadata> afterShown = committed("dry");
    Ended done =
        groups(
            "reset-offsets",
            "--group",
            "dry",
            "--topic",
            "orders:1",
            "--to-offset",
            "99",
            "--execute");

    // then
    assertThat(shown.code()).isEqualTo(ExitCode.OK);
    assertThat(shown.out()).contains("Nothing was changed").contains("--execute");
    assertThat(afterShown).isEmpty();
    assertThat(done.out()).contains("Set 1 offset").contains("the log ends here, not 99");
    assertThat(committed("dry"))
        .containsOnly(Map.entry(new TopicPartition(TOPIC, 1), new OffsetAndMetadata(RECORDS)));
  }

  @Test
  void lag_isToldInRecordsAndInTime() {
    // given
    groups(
        "reset-offsets", "--group", "lag", "--topic", "orders:0", "--to-offset", "7", "--execute");
    groups("reset-offsets", "--group", "lag", "--topic", "orders:1", "--to-latest", "--execute");

    // when
    Ended table = groups("describe", "--group", "lag");
    Ended json = groups("describe", "--group", "lag", "--json");

    // then
    assertThat(table.out())
        .contains("Group lag  Classic, Empty  0 members")
        .contains("Lag 3 records, the oldest unread one is 1h");
    assertThat(json.out())
        .contains("\"totalLag\":3")
        .contains("\"lagMs\":36")
        .contains("\"lagMs\":0");
  }

  @Test
  void resetByTime_findsTheFirstRecordsThatAreYoungEnough() {
    Ended all =
        groups(
            "reset-offsets",
            "--group",
            "time",
            "--topic",
            TOPIC,
            "--by-duration",
            "PT2H",
            "--export");
    Ended none =
        groups(
            "reset-offsets",
            "--group",
            "time",
            "--topic",
            TOPIC,
            "--by-duration",
            "1m",
            "--export");

    assertThat(all.out()).contains("orders,0,0").contains("orders,1,0");
    assertThat(none.out()).contains("orders,0,10").contains("orders,1,10");
  }

  @Test
  void exportedOffsets_canBeSetAgain() throws IOException {
    // given
    groups("reset-offsets", "--group", "kept", "--topic", TOPIC, "--to-offset", "6", "--execute");
    Ended exported =
        groups("reset-offsets", "--group", "kept", "--all-topics", "--to-current", "--export");
    Path file = directory.resolve("kept.csv");
    Files.writeString(file, exported.out());

    // when
    Ended deleted = groups("delete", "--group", "kept");
    Ended restored =
        groups("reset-offsets", "--group", "kept", "--from-file", file.toString(), "--execute");

    // then
    assertThat(deleted.out()).contains("Deleted group kept");
    assertThat(restored.code()).isEqualTo(ExitCode.OK);
    assertThat(committed("kept")).hasSize(2).containsValue(new OffsetAndMetadata(6));
  }

  @Test
  void fileWithABadLine_isRefusedBeforeAnythingIsTried() throws IOException {
    Path file = directory.resolve("bad.csv");
    Files.writeString(file, "orders,0,1\norders,zero,2\n");

    Ended ended =
        groups("reset-offsets", "--group", "bad", "--from-file", file.toString(), "--execute");

    assertThat(ended.code()).isEqualTo(ExitCode.USAGE);
    assertThat(ended.err()).contains("bad.csv line 2").contains("'zero'");
    assertThat(committed("bad")).isEmpty();
  }

  @Test
  void deletedOffsets_areGone_andTheOthersStay() {
    groups("reset-offsets", "--group", "some", "--topic", TOPIC, "--to-earliest", "--execute");

    Ended ended = groups("delete-offsets", "--group", "some", "--topic", "orders:0");
    Ended again = groups("delete-offsets", "--group", "some", "--topic", "orders:0");

    assertThat(ended.code()).isEqualTo(ExitCode.OK);
    assertThat(committed("some")).containsOnlyKeys(new TopicPartition(TOPIC, 1));
    assertThat(again.code()).isEqualTo(ExitCode.FAILED);
    assertThat(again.err()).contains("committed nothing in orders:0");
  }

  @Test
  void topicThatIsNotThere_isNamed() {
    Ended ended = groups("reset-offsets", "--group", "x", "--topic", "nowhere", "--to-latest");

    assertThat(ended.code()).isEqualTo(ExitCode.FAILED);
    assertThat(ended.err()).contains("no topic 'nowhere'").contains("topics list");
  }

  @ParameterizedTest
  @ValueSource(strings = {"classic", "consumer"})
  void groupWithAMember_isShownWithIt_andNotTouched(String protocol) {
    String group = "busy-" + protocol;
    try (KafkaConsumer<byte[], byte[]> member = member(group, protocol)) {
      member.commitSync();
      Map<TopicPartition, OffsetAndMetadata> before = committed(group);

      // when
      Ended listed = groups("list", "--state", "stable", "--type", protocol, "--names");
      Ended members = groups("members", "--group", group);
      Ended described = groups("describe", "--group", group);
      Ended reset =
          groups("reset-offsets", "--group", group, "--topic", TOPIC, "--to-earliest", "--execute");
      Ended offsets = groups("delete-offsets", "--group", group, "--topic", TOPIC);
      Ended deleted = groups("delete", "--group", group);

      // then
      assertThat(listed.out().lines()).contains(group);
      assertThat(members.out()).contains("member-" + protocol).contains("orders:0,1");
      assertThat(described.out()).contains("Stable  1 member ").contains("member-" + protocol);
      for (Ended refused : List.of(reset, offsets, deleted)) {
        assertThat(refused.code()).isEqualTo(ExitCode.FAILED);
        assertThat(refused.err()).contains("member-" + protocol + " at ");
      }
      assertThat(before).isNotEmpty();
      assertThat(committed(group)).isEqualTo(before);
    }
  }

  private static KafkaConsumer<byte[], byte[]> member(String group, String protocol) {
    Map<String, Object> config = new HashMap<>();
    config.put("bootstrap.servers", bootstrap());
    config.put("group.id", group);
    config.put("group.protocol", protocol);
    config.put("client.id", "member-" + protocol);
    config.put("auto.offset.reset", "earliest");
    config.put("enable.auto.commit", "false");
    KafkaConsumer<byte[], byte[]> member =
        new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    member.subscribe(List.of(TOPIC));
    int read = 0;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (read < 2 * RECORDS && System.nanoTime() < end) {
      read += member.poll(Duration.ofMillis(100)).count();
    }
    assertThat(read).isEqualTo(2 * RECORDS);
    return member;
  }
}
