package io.millrace.tools.node;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.Properties;

/**
 * What a node's process says of itself in {@code node.state}, a small properties file in its
 * metadata directory (by default the first of log.dirs), so that {@code node status} and {@code
 * node stop} find it without asking over the network. Replaced whole; a process that was killed
 * leaves it behind, which {@link #process()} sees through.
 *
 * @param pid the process
 * @param startedMillis when the process started, which tells it from a later one that was given the
 *     same pid
 * @param phase starting, ready or stopping
 * @param message what it is doing, for a person
 */
public record NodeState(long pid, long startedMillis, Phase phase, String message) {

  /** Where a node is in its life. */
  public enum Phase {
    STARTING,
    READY,
    STOPPING
  }

  private static final String FILE = "node.state";

  /** The state file of a node whose metadata directory is this. */
  public static Path file(Path metadataDirectory) {
    return metadataDirectory.resolve(FILE);
  }

  /** The state of this process. */
  public static NodeState ofThisProcess(Phase phase, String message) {
    ProcessHandle self = ProcessHandle.current();
    return new NodeState(self.pid(), startOf(self), phase, message);
  }

  /**
   * Reads a state file; empty when there is none.
   *
   * @throws IOException when it cannot be read or is not a state file
   */
  public static Optional<NodeState> read(Path file) throws IOException {
    String text;
    try {
      text = Files.readString(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (FileSystemException e) {
      Path directory = file.toAbsolutePath().getParent();
      if (directory == null || Files.isDirectory(directory)) {
        throw e;
      }
      return Optional.empty(); // the node says why it cannot be one
    }
    Properties properties = new Properties();
    properties.load(new StringReader(text));
    try {
      return Optional.of(
          new NodeState(
              Long.parseLong(properties.getProperty("pid", "")),
              Long.parseLong(properties.getProperty("started", "")),
              Phase.valueOf(properties.getProperty("phase", "")),
              properties.getProperty("message", "")));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " is not a node's state file: " + e.getMessage(), e);
    }
  }

  /** Writes the state so that a reader sees the old or the new one. */
  public void write(Path file) throws IOException {
    Properties properties = new Properties();
    properties.setProperty("pid", Long.toString(pid));
    properties.setProperty("started", Long.toString(startedMillis));
    properties.setProperty("phase", phase.name());
    properties.setProperty("message", message);
    StringWriter text = new StringWriter();
    properties.store(text, null);
    Path next = file.resolveSibling(FILE + ".tmp");
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.writeString(next, text.toString(), StandardCharsets.UTF_8);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The process, when it still runs. */
  public Optional<ProcessHandle> process() {
    return ProcessHandle.of(pid)
        .filter(ProcessHandle::isAlive)
        .filter(handle -> startOf(handle) == startedMillis);
  }

  private static long startOf(ProcessHandle handle) {
    return handle.info().startInstant().map(java.time.Instant::toEpochMilli).orElse(0L);
  }
}
