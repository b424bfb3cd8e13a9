package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.CompressionType;
import io.millrace.client.MillraceException;
import io.millrace.client.Producer;
import io.millrace.client.ProducerBuilder;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordHeader;
import io.millrace.protocol.ErrorCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace produce}: one record per line of standard input. */
@Command(
    name = "produce",
    description = "Sends records, one per line of standard input.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  echo hello | millrace produce --topic orders",
      "  echo k1:v1 | millrace produce --topic orders --key-separator : --header source=shop",
      "  millrace produce --topic orders --compression-type zstd < lines.txt",
      "  millrace consume --topic orders --from-beginning --exit-at-end --json | millrace produce --topic copy --json",
      "",
      "Exits with 0 when every record was acknowledged."
    })
final class ProduceCommand implements Callable<Integer> {

  private static final int FAILURES_SHOWN = 5;
  private static final long NEW_PARTITION_NANOS = 200_000_000;

  /** One character a byte: what comes in goes out, whether it is UTF-8 or not. */
  private static final Charset RAW = StandardCharsets.ISO_8859_1;

  @Mixin private ClusterOptions cluster;
  @Mixin private Console console;

  @Option(names = "--topic", required = true, paramLabel = "NAME", description = "Where to.")
  private String topic = "";

  @Option(
      names = "--partition",
      paramLabel = "N",
      description = "Always this partition. Default: by the key, or else spread.")
  private @Nullable Integer partition;

  @Option(
      names = "--key-separator",
      paramLabel = "TEXT",
      description =
          "Splits a line at its first TEXT into key and value. Default: the whole line is the value.")
  private @Nullable String keySeparator;

  @Option(
      names = "--null-marker",
      paramLabel = "TEXT",
      description = "A key or value that is exactly TEXT is sent as null.")
  private @Nullable String nullMarker;

  @Option(
      names = "--header",
      paramLabel = "KEY=VALUE",
      description = "A header for every record. May be repeated.")
  private Map<String, String> headers = new LinkedHashMap<>();

  @Option(
      names = "--acks",
      paramLabel = "0|1|all",
      defaultValue = "all",
      description = "Whom to wait for. Default: ${DEFAULT-VALUE}.")
  private String acks = "all";

  @Option(
      names = "--compression-type",
      paramLabel = "CODEC",
      defaultValue = "none",
      description = "none, gzip, snappy, lz4 or zstd. Default: ${DEFAULT-VALUE}.")
  private String compression = "none";

  @Option(
      names = "--producer-property",
      paramLabel = "KEY=VALUE",
      description = "Any producer config by Kafka's name. May be repeated.")
  private Map<String, String> producerProperties = new LinkedHashMap<>();

  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final AtomicReference<@Nullable RuntimeException> firstFailure = new AtomicReference<>();

  @Override
  public Integer call() {
    if (partition != null && partition < 0) {
      throw new CommandFailure(
          ExitCode.USAGE, "--partition is " + partition + ", expected 0 or more", null);
    }
    List<RecordHeader> fixedHeaders = new ArrayList<>();
    headers.forEach((key, value) -> fixedHeaders.add(RecordHeader.of(key, value)));
    var properties = cluster.properties();
    int patienceMs = Integer.parseInt(properties.getProperty("default.api.timeout.ms"));
    properties.setProperty("delivery.timeout.ms", Integer.toString(patienceMs));
    properties.setProperty("request.timeout.ms", Integer.toString(Math.max(1, patienceMs / 2)));
    producerProperties.forEach(properties::setProperty);
    properties.setProperty("acks", acksCode(acks));
    ProducerBuilder<byte[], byte[]> builder =
        Producer.builder().properties(properties).compression(CompressionType.parse(compression));
    cluster.check(builder, producerProperties);
    if (partition != null) {
      requirePartition(partition);
    }
    try (Producer<byte[], byte[]> producer = builder.build()) {
      sendLines(producer, fixedHeaders);
      producer.flush();
    }
    RuntimeException failure = firstFailure.get();
    if (failure != null) {
      throw new CommandFailure(
          failure instanceof CommandFailure known ? known.exitCode() : ExitCode.FAILED,
          failed + " of " + (sent.get() + failed.get()) + " records were not acknowledged",
          null);
    }
    if (console.json()) {
      console.printJson(Map.of("acknowledged", sent.get()));
    } else {
      console.err().println(sent + (sent.get() == 1 ? " record" : " records") + " acknowledged");
    }
    return ExitCode.OK;
  }

  /** The client waits for a partition that may just have been added; a person mistyped a number. */
  private void requirePartition(int wanted) {
    int count = partitionCount();
    if (count > 0 && wanted >= count) {
      // A broker may hear of new partitions a moment after the one that made them.
      LockSupport.parkNanos(NEW_PARTITION_NANOS);
      count = partitionCount();
    }
    if (count > 0 && wanted >= count) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "topic " + topic + " has no partition " + wanted + ", only 0 to " + (count - 1),
          null);
    }
  }

  /** How many partitions the topic has; 0 when there is no topic yet. */
  private int partitionCount() {
    try (Admin admin = cluster.admin()) {
      return cluster.await(admin.describeTopics(List.of(topic)).get(topic)).partitions().size();
    } catch (MillraceException e) {
      if (e.error() == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
        return 0; // the first record makes it
      }
      throw e;
    }
  }

  private static String acksCode(String text) {
    return switch (text) {
      case "0" -> "0";
      case "1" -> "1";
      case "all", "-1" -> "all";
      default ->
          throw new CommandFailure(
              ExitCode.USAGE, "--acks is '" + text + "', expected 0, 1 or all", null);
    };
  }

  private void sendLines(Producer<byte[], byte[]> producer, List<RecordHeader> fixedHeaders) {
    // The launcher can tell a terminal from a pipe; Java 17 cannot tell for standard input alone.
    boolean interactive = Boolean.getBoolean("millrace.interactive") && !console.json();
    long number = 0;
    try {
      BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(System.in, console.json() ? StandardCharsets.UTF_8 : RAW));
      String line;
      while (true) {
        if (interactive) {
          console.err().print("> ");
          console.err().flush();
        }
        line = lines.readLine();
        if (line == null) {
          return;
        }
        number++;
        producer
            .send(record(line, number, fixedHeaders))
            .whenComplete((metadata, thrown) -> count(thrown));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read standard input after line " + number, e);
    }
  }

  private void count(@Nullable Throwable thrown) {
    if (thrown == null) {
      sent.incrementAndGet();
      return;
    }
    // Some broker answered at the start: what is late now is this partition's leader.
    RuntimeException failure =
        thrown instanceof MillraceException late && late.error() == ErrorCode.REQUEST_TIMED_OUT
            ? late
            : cluster.failure(thrown);
    firstFailure.compareAndSet(null, failure);
    if (failed.incrementAndGet() <= FAILURES_SHOWN) {
      console.err().println("millrace: " + failure.getMessage());
    }
  }

  private ProducerRecord<byte[], byte[]> record(
      String line, long number, List<RecordHeader> fixedHeaders) {
    if (console.json()) {
      try {
        ProducerRecord<byte[], byte[]> parsed = RecordText.parse(topic, line);
        List<RecordHeader> all = new ArrayList<>(parsed.headers());
        all.addAll(fixedHeaders);
        Integer target = partition != null ? partition : parsed.partition();
        return new ProducerRecord<>(
            topic, target, parsed.timestamp(), parsed.key(), parsed.value(), all);
      } catch (IllegalArgumentException e) {
        throw new CommandFailure(ExitCode.USAGE, "line " + number + ": " + e.getMessage(), null);
      }
    }
    String key = null;
    String value = line;
    if (keySeparator != null) {
      String separator = raw(keySeparator);
      int at = line.indexOf(separator);
      if (at < 0) {
        throw new CommandFailure(
            ExitCode.USAGE,
            "line " + number + " has no key separator '" + keySeparator + "': " + abbreviated(line),
            null);
      }
      key = line.substring(0, at);
      value = line.substring(at + separator.length());
    }
    return new ProducerRecord<>(topic, partition, null, bytes(key), bytes(value), fixedHeaders);
  }

  private byte @Nullable [] bytes(@Nullable String text) {
    return text == null || (nullMarker != null && text.equals(raw(nullMarker)))
        ? null
        : text.getBytes(RAW);
  }

  private static String raw(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), RAW);
  }

  private static String abbreviated(String line) {
    return line.length() <= 60 ? line : line.substring(0, 60) + "...";
  }
}
