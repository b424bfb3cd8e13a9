package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.Deserializers;
import io.millrace.client.MillraceException;
import io.millrace.client.NewTopic;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordMetadata;
import io.millrace.client.Serializers;
import io.millrace.client.TopicPartition;
import io.millrace.protocol.ErrorCode;
import io.millrace.tools.logging.LogSettings;
import io.millrace.tools.node.LocalCluster;
import io.millrace.tools.output.Table;
import java.net.BindException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code millrace quickstart}: a cluster of three complete nodes in this process, and a first topic
 * to look at.
 */
@Command(
    name = "quickstart",
    description =
        "Starts three nodes on this machine, sends and reads a few records, and stays up until Ctrl-C.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace quickstart",
      "  millrace quickstart --data-dir /tmp/try --port 19092",
      "",
      "The data stays where it is; the next quickstart finds it."
    })
final class QuickstartCommand implements Callable<Integer> {

  private static final String TOPIC = "quickstart";
  private static final int PARTITIONS = 3;
  private static final int RECORDS = 6;

  @Mixin private Console console;

  @Option(
      names = "--data-dir",
      paramLabel = "DIR",
      defaultValue = "data",
      description = "Where the nodes keep their data. Default: ./${DEFAULT-VALUE}.")
  private Path dataDirectory = Path.of("data");

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "9092",
      description =
          "Port of the first node; the nodes take six ports from there. Default: ${DEFAULT-VALUE}.")
  private int port = 9092;

  @Option(
      names = "--log-level",
      paramLabel = "LEVEL",
      defaultValue = "WARN",
      description = "TRACE, DEBUG, INFO, WARN or ERROR. Default: ${DEFAULT-VALUE}.")
  private String logLevel = "WARN";

  @Option(
      names = "--exit",
      description = "Stops after the records were read, instead of staying up.")
  private boolean exit;

  @Override
  public Integer call() {
    LogSettings.node(logLevel, null).apply();
    long started = System.nanoTime();
    LocalCluster cluster = new LocalCluster(dataDirectory, port, console::say);
    Table nodes = new Table(">NODE", "CLIENTS", "QUORUM", "DATA");
    cluster
        .configs()
        .forEach(
            config ->
                nodes.row(
                    config.id(),
                    config.clientAddress(),
                    config.quorumAddress(),
                    config.dataDirectory()));
    console.print(nodes);
    console.say("");
    if (!start(cluster)) {
      return ExitCode.OK;
    }
    console.say("Three nodes are ready, " + millisSince(started) + " ms after the start.");
    demonstrate(cluster.bootstrapServers());
    if (exit) {
      cluster.close();
      return ExitCode.OK;
    }
    explain(cluster.configs().get(0).clientAddress());
    cluster.awaitStop();
    return ExitCode.OK;
  }

  private boolean start(LocalCluster cluster) {
    try {
      return cluster.start();
    } catch (CompletionException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof BindException) {
          throw new CommandFailure(
              ExitCode.FAILED,
              String.valueOf(e.getCause() == null ? e.getMessage() : e.getCause().getMessage()),
              "Does another quickstart or Kafka run here? --port and --data-dir take other ports and another directory.");
        }
      }
      throw e;
    }
  }

  private void demonstrate(String bootstrapServers) {
    try (Admin admin = Admin.builder().bootstrapServers(bootstrapServers.split(",")).build()) {
      createTopic(admin);
    }
    List<TopicPartition> partitions =
        IntStream.range(0, PARTITIONS)
            .mapToObj(partition -> new TopicPartition(TOPIC, partition))
            .toList();
    try (Consumer<String, String> consumer =
        Consumer.builder(Deserializers.string(), Deserializers.string())
            .bootstrapServers(bootstrapServers.split(","))
            .build()) {
      Map<TopicPartition, Long> before = consumer.endOffsets(partitions).join();
      long found = before.values().stream().mapToLong(Long::longValue).sum();
      if (found > 0) {
        console.say("It holds " + found + " records from before.");
      }
      send(bootstrapServers);
      read(consumer, before);
    }
  }

  private void createTopic(Admin admin) {
    try {
      admin.createTopic(NewTopic.of(TOPIC, PARTITIONS, LocalCluster.SIZE)).join();
      console.say(
          "Created topic " + TOPIC + ": " + PARTITIONS + " partitions, each on all three nodes.");
    } catch (CompletionException e) {
      if (!(e.getCause() instanceof MillraceException failure)
          || failure.error() != ErrorCode.TOPIC_ALREADY_EXISTS) {
        throw e;
      }
      console.say("Found topic " + TOPIC + ".");
    }
  }

  private void send(String bootstrapServers) {
    long started = System.nanoTime();
    try (Producer<String, String> producer =
        Producer.builder(Serializers.string(), Serializers.string())
            .bootstrapServers(bootstrapServers.split(","))
            .build()) {
      List<CompletableFuture<RecordMetadata>> acknowledgements = new ArrayList<>();
      for (int i = 1; i <= RECORDS; i++) {
        acknowledgements.add(
            producer.send(ProducerRecord.of(TOPIC, "key-" + i, "record " + i + " of " + RECORDS)));
      }
      acknowledgements.forEach(CompletableFuture::join);
    }
    console.say(
        "Sent "
            + RECORDS
            + " records, each on the disks of all three nodes when acknowledged, in "
            + millisSince(started)
            + " ms. Read back:");
    console.say("");
  }

  private void read(Consumer<String, String> consumer, Map<TopicPartition, Long> from) {
    consumer.assign(from.keySet());
    from.forEach(consumer::seek);
    Table table = new Table(">PARTITION", ">OFFSET", "KEY", "VALUE");
    int count = 0;
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (count < RECORDS) {
      for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(500))) {
        table.row(
            record.partition(),
            record.offset(),
            String.valueOf(record.key()),
            String.valueOf(record.value()));
        count++;
      }
      if (System.nanoTime() > deadline) {
        throw new CommandFailure(
            "only " + count + " of " + RECORDS + " records could be read back within 30 s");
      }
    }
    console.print(table);
  }

  private void explain(String bootstrap) {
    String flag = bootstrap.equals("localhost:9092") ? "" : " -b " + bootstrap;
    console.say("");
    console.say("Go on in another terminal:");
    console.say("  ./millrace cluster status" + flag);
    console.say(
        "  ./millrace topics create --topic orders --partitions 6 --replication-factor 3" + flag);
    console.say("  echo hello | ./millrace produce --topic orders" + flag);
    console.say("  ./millrace consume --topic orders --from-beginning" + flag);
    console.say("  kcat -b " + bootstrap + " -L            or any Kafka client");
    console.say("");
    console.say("Ctrl-C stops the nodes; their data stays in " + dataDirectory + ".");
  }

  private static long millisSince(long nanos) {
    return (System.nanoTime() - nanos) / 1_000_000;
  }
}
