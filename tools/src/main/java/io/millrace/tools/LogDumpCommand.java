package io.millrace.tools;

import io.millrace.protocol.record.CorruptRecordsException;
import io.millrace.protocol.record.Record;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.tools.output.Table;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace log dump}: the batches of segment files, each with its checksum verified. */
@Command(
    name = "dump",
    description = "Lists the batches of segment files and verifies their checksums.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace log dump data/node-1/orders-0",
      "  millrace log dump data/node-1/orders-0/00000000000000000000.log --records --json",
      "",
      "Exits with 1 when a batch is damaged. Bytes of zero behind the last batch are room set aside, not damage."
    })
final class LogDumpCommand implements Callable<Integer> {

  private static final Pattern SEGMENT = Pattern.compile("(^|[/\\\\])\\d{20}\\.log$");

  private static final int BATCH_SIZE_MAX = 1 << 30;

  @Mixin private Console console;

  @Parameters(
      paramLabel = "PATH",
      arity = "1..*",
      description = "Partition directories or .log files.")
  private List<Path> paths = new ArrayList<>();

  @Option(names = "--records", description = "Lists the records, too.")
  private boolean records;

  private long damaged;

  @Override
  public Integer call() throws IOException {
    for (Path segment : segments()) {
      dump(segment);
    }
    return damaged == 0 ? ExitCode.OK : ExitCode.FAILED;
  }

  /** In a node's data directory lies millrace.log, which is for people. */
  private static boolean isSegment(Path file) {
    return SEGMENT.matcher(file.toString()).find();
  }

  private List<Path> segments() throws IOException {
    List<Path> segments = new ArrayList<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        try (Stream<Path> files = Files.list(path)) {
          List<Path> found = files.filter(LogDumpCommand::isSegment).sorted().toList();
          if (found.isEmpty()) {
            throw new CommandFailure(
                ExitCode.FAILED,
                "no .log file of a partition in " + path,
                "Name the directory of one partition, such as data/node-1/orders-0.");
          }
          segments.addAll(found);
        }
      } else if (Files.isRegularFile(path)) {
        segments.add(path);
      } else {
        throw new CommandFailure("there is no " + path);
      }
    }
    return segments;
  }

  private void dump(Path segment) throws IOException {
    Table table =
        new Table(
            ">POSITION",
            ">OFFSETS",
            ">RECORDS",
            ">BYTES",
            ">EPOCH",
            "CODEC",
            "TIME",
            ">PRODUCER",
            ">SEQUENCE",
            "CRC");
    List<String> recordLines = new ArrayList<>();
    long position = 0;
    String end = null;
    try (FileChannel file = FileChannel.open(segment)) {
      long size = file.size();
      while (end == null && position < size) {
        RecordBatch batch = read(file, position, size);
        if (batch == null) {
          end = describeEnd(file, position, size);
        } else {
          show(segment, position, batch, table, recordLines);
          position += batch.sizeInBytes();
        }
      }
    }
    if (!console.json()) {
      console.say(segment.toString());
      console.print(table);
      recordLines.forEach(console::say);
      if (end != null) {
        console.say(end);
      }
      console.say("");
    } else if (end != null) {
      Map<String, Object> note = new LinkedHashMap<>();
      note.put("file", segment);
      note.put("position", position);
      note.put("end", end);
      console.printJson(note);
    }
  }

  /** The batch at a position, or null when what stands there is not a whole batch. */
  private static @Nullable RecordBatch read(FileChannel file, long position, long size)
      throws IOException {
    if (size - position < RecordBatch.HEADER_SIZE) {
      return null;
    }
    ByteBuffer header = readFully(file, position, RecordBatch.LOG_OVERHEAD);
    long batchSize = (long) RecordBatch.LOG_OVERHEAD + header.getInt(8);
    if (batchSize < RecordBatch.HEADER_SIZE
        || batchSize > BATCH_SIZE_MAX
        || batchSize > size - position) {
      return null;
    }
    try {
      return new RecordBatch(readFully(file, position, (int) batchSize), 0);
    } catch (CorruptRecordsException e) {
      return null;
    }
  }

  private static ByteBuffer readFully(FileChannel file, long position, int length)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      int count = file.read(bytes, position + bytes.position());
      if (count < 0) {
        throw new IOException(
            "the file ended at " + (position + bytes.position()) + " while it was read");
      }
    }
    return bytes.flip();
  }

  private String describeEnd(FileChannel file, long position, long size) throws IOException {
    long left = size - position;
    ByteBuffer head = readFully(file, position, (int) Math.min(left, 4096));
    while (head.hasRemaining()) {
      if (head.get() != 0) {
        damaged++;
        return "torn or damaged at position "
            + position
            + ": "
            + left
            + " bytes that are not a batch";
      }
    }
    return left + " bytes set aside behind position " + position;
  }

  private void show(
      Path segment, long position, RecordBatch batch, Table table, List<String> recordLines) {
    boolean valid = batch.magic() == RecordBatch.MAGIC && batch.isCrcValid();
    if (!valid) {
      damaged++;
    }
    String codec = batch.compression().configValue();
    if (console.json()) {
      console.printJson(json(segment, position, batch, codec, valid));
      return;
    }
    table.row(
        position,
        batch.baseOffset() + "-" + batch.lastOffset(),
        batch.recordCount(),
        batch.sizeInBytes(),
        batch.partitionLeaderEpoch(),
        codec + (batch.isControl() ? " control" : "") + (batch.isTransactional() ? " txn" : ""),
        RecordText.time(batch.maxTimestamp()),
        batch.hasProducerId() ? batch.producerId() + "/" + batch.producerEpoch() : "-",
        batch.baseSequence() < 0 ? "-" : batch.baseSequence() + "-" + batch.lastSequence(),
        valid ? "ok" : "WRONG");
    if (records && valid) {
      for (Record record : batch.records()) {
        recordLines.add(
            "  offset "
                + record.offset()
                + "  "
                + RecordText.time(record.timestamp())
                + "  key "
                + text(record.key())
                + "  value "
                + text(record.value())
                + (record.headers().isEmpty() ? "" : "  headers " + record.headers().size()));
      }
    }
  }

  private Map<String, Object> json(
      Path segment, long position, RecordBatch batch, String codec, boolean valid) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("file", segment);
    json.put("position", position);
    json.put("baseOffset", batch.baseOffset());
    json.put("lastOffset", batch.lastOffset());
    json.put("records", batch.recordCount());
    json.put("bytes", batch.sizeInBytes());
    json.put("leaderEpoch", batch.partitionLeaderEpoch());
    json.put("codec", codec);
    json.put("maxTimestamp", batch.maxTimestamp());
    json.put("producerId", batch.producerId());
    json.put("producerEpoch", batch.producerEpoch());
    json.put("baseSequence", batch.baseSequence());
    json.put("control", batch.isControl());
    json.put("transactional", batch.isTransactional());
    json.put("crcValid", valid);
    if (records && valid) {
      List<Map<String, Object>> list = new ArrayList<>();
      for (Record record : batch.records()) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("offset", record.offset());
        one.put("timestamp", record.timestamp());
        one.put("key", record.key() == null ? null : text(record.key()));
        one.put("value", record.value() == null ? null : text(record.value()));
        list.add(one);
      }
      json.put("recordList", list);
    }
    return json;
  }

  private static String text(@Nullable ByteBuffer bytes) {
    return bytes == null ? "null" : StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
  }
}
