package io.millrace.server;

import io.millrace.protocol.Uuid;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's data directories and what says whose they are: a small file in each, with the node's
 * id, the directory's id and, once known, the cluster's. A directory of another node or cluster is
 * never opened.
 *
 * <p>Touched by the start's thread only.
 */
final class DataDirectories {
  private static final Logger LOG = LoggerFactory.getLogger(DataDirectories.class);
  static final String FILE = "meta.properties";
  private static final String VERSION = "1";

  /**
   * What the file says.
   *
   * @param firstId the id of the first of {@code log.dirs}, under which the node is registered:
   *     kept in all of them, for when that one cannot be read
   */
  private record Identity(
      int nodeId, Uuid directoryId, @Nullable Uuid firstId, @Nullable String clusterId) {

    Identity in(String cluster) {
      return new Identity(nodeId, directoryId, firstId, cluster);
    }

    Identity beside(Uuid first) {
      return new Identity(nodeId, directoryId, first, clusterId);
    }
  }

  private record Directory(Path path, Identity identity) {}

  private final List<Directory> usable;
  private final Map<String, String> unusable;
  private final Uuid registeredAs;

  private DataDirectories(List<Directory> usable, Map<String, String> unusable, Uuid registeredAs) {
    this.usable = usable;
    this.unusable = unusable;
    this.registeredAs = registeredAs;
  }

  /**
   * Makes what is missing and reads what is there. A directory that cannot be written is left out
   * as long as another one can.
   *
   * @throws NodeStartException when none can be used, or one belongs to somebody else
   */
  static DataDirectories open(List<Path> paths, int nodeId, SplittableRandom random) {
    List<Directory> usable = new ArrayList<>();
    Map<String, String> problems = new LinkedHashMap<>();
    for (Path path : paths) {
      try {
        usable.add(new Directory(path, prepare(path, nodeId, random)));
      } catch (IOException e) {
        problems.put(path.toString(), "cannot use data directory " + path + ": " + explain(e));
      }
    }
    if (usable.isEmpty()) {
      throw new NodeStartException(String.join("; ", problems.values()));
    }
    problems.values().forEach(problem -> LOG.error("{}, going on with the others", problem));
    boolean firstIsThere = usable.get(0).path().equals(paths.get(0));
    return new DataDirectories(
        usable, problems, firstIsThere ? usable.get(0).identity().directoryId() : first(usable));
  }

  /** What the first directory's id was, by what the others remember. */
  private static Uuid first(List<Directory> others) {
    for (Directory directory : others) {
      Uuid first = directory.identity().firstId();
      if (first != null) {
        return first;
      }
    }
    return others.get(0).identity().directoryId();
  }

  private static String explain(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied for user "
          + System.getProperty("user.name")
          + "; let it write there, or name another directory with log.dirs";
    }
    if (e instanceof FileAlreadyExistsException) {
      return "it is not a directory";
    }
    if (e instanceof NoSuchFileException) {
      return "it does not exist and cannot be made";
    }
    if (e instanceof FileSystemException known && known.getReason() != null) {
      return known.getReason();
    }
    String message = e.getMessage();
    return e.getClass().getSimpleName() + (message == null ? "" : " " + message);
  }

  private static Identity prepare(Path path, int nodeId, SplittableRandom random)
      throws IOException {
    Files.createDirectories(path);
    Path probe = path.resolve(".millrace-probe");
    Files.write(probe, new byte[] {1});
    Files.delete(probe);
    Path file = path.resolve(FILE);
    if (!Files.exists(file)) {
      Identity identity = new Identity(nodeId, Uuid.random(random), null, null);
      write(path, identity);
      return identity;
    }
    Identity identity = read(file);
    if (identity.nodeId() != nodeId) {
      throw new NodeStartException(
          "data directory "
              + path
              + " belongs to node.id="
              + identity.nodeId()
              + ", this node is node.id="
              + nodeId);
    }
    return identity;
  }

  private static Identity read(Path file) throws IOException {
    Properties properties = new Properties();
    try (var in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      properties.load(in);
    }
    try {
      String directoryId = properties.getProperty("directory.id");
      if (directoryId == null || !VERSION.equals(properties.getProperty("version"))) {
        throw new NodeStartException(
            file
                + " was not written by Millrace: choose another directory, or remove it to start empty");
      }
      String firstId = properties.getProperty("first.directory.id");
      return new Identity(
          Integer.parseInt(properties.getProperty("node.id", "")),
          Uuid.parse(directoryId),
          firstId == null ? null : Uuid.parse(firstId),
          properties.getProperty("cluster.id"));
    } catch (IllegalArgumentException e) {
      throw new NodeStartException(file + " cannot be understood: " + e.getMessage(), e);
    }
  }

  List<Path> paths() {
    return usable.stream().map(Directory::path).toList();
  }

  /** Directories that cannot be used, with the reason. */
  Map<String, String> unusable() {
    return Map.copyOf(unusable);
  }

  /**
   * Tells these disks from others that a node of the same id may come back with: the id of the
   * first, be it out of service now.
   */
  Uuid directoryId() {
    return registeredAs;
  }

  /** The cluster that the directories belong to, as far as they know. */
  @Nullable String clusterId() {
    for (Directory directory : usable) {
      if (directory.identity().clusterId() != null) {
        return directory.identity().clusterId();
      }
    }
    return null;
  }

  /**
   * Checks that the directories belong to the cluster, and tells them what they did not know of it
   * and of each other.
   *
   * @throws NodeStartException naming both clusters
   */
  void joinCluster(String clusterId) {
    for (Directory directory : usable) {
      Identity identity = directory.identity();
      String known = identity.clusterId();
      if (known != null && !known.equals(clusterId)) {
        throw new NodeStartException(
            "data directory "
                + directory.path()
                + " belongs to cluster "
                + known
                + ", the voters are of cluster "
                + clusterId);
      }
      Identity now = identity.in(clusterId).beside(registeredAs);
      if (!now.equals(identity)) {
        try {
          write(directory.path(), now);
        } catch (IOException e) {
          String problem = "cannot write " + directory.path().resolve(FILE) + ": " + explain(e);
          if (known == null) {
            throw new NodeStartException(problem, e);
          }
          LOG.warn("{}, going on without the first directory's id there", problem);
        }
      }
    }
  }

  private static void write(Path directory, Identity identity) throws IOException {
    StringBuilder text = new StringBuilder();
    text.append("version=").append(VERSION).append('\n');
    text.append("node.id=").append(identity.nodeId()).append('\n');
    text.append("directory.id=").append(identity.directoryId()).append('\n');
    if (identity.firstId() != null) {
      text.append("first.directory.id=").append(identity.firstId()).append('\n');
    }
    if (identity.clusterId() != null) {
      text.append("cluster.id=").append(identity.clusterId()).append('\n');
    }
    Path temporary = directory.resolve(FILE + ".tmp");
    Files.writeString(temporary, text.toString(), StandardCharsets.UTF_8);
    try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(temporary, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
  }
}
