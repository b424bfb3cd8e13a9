package io.millrace.log.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The machine's file system below one directory. Thread-safe. */
public final class FileLogStorage implements LogStorage {

  private static final String LOCK_FILE = ".lock";

  private final Path root;

  private FileLogStorage(Path root) {
    this.root = root;
  }

  /** Uses a directory, and makes it when it is missing. */
  public static FileLogStorage at(Path root) throws IOException {
    Files.createDirectories(root);
    return new FileLogStorage(root.toRealPath());
  }

  private Path resolve(String path) {
    Path resolved = root.resolve(path).normalize();
    if (!resolved.startsWith(root)) {
      throw new IllegalArgumentException("path '" + path + "' leaves " + root);
    }
    return resolved;
  }

  @Override
  public String describe() {
    return root.toString();
  }

  @Override
  public Closeable lock() throws IOException {
    FileChannel channel =
        FileChannel.open(resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      channel.close();
      throw new IOException(alreadyTaken(), e);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    channel.close();
    throw new IOException(alreadyTaken());
  }

  private String alreadyTaken() {
    return "log directory "
        + root
        + " is in use by another Millrace process (lock file "
        + resolve(LOCK_FILE)
        + ")";
  }

  @Override
  public List<String> list(String directory) throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(resolve(directory))) {
      for (Path entry : entries) {
        names.add(entry.getFileName().toString());
      }
    }
    Collections.sort(names);
    return names;
  }

  @Override
  public boolean isDirectory(String path) {
    return Files.isDirectory(resolve(path));
  }

  @Override
  public boolean exists(String path) throws IOException {
    try {
      Files.readAttributes(resolve(path), BasicFileAttributes.class);
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  @Override
  public void createDirectory(String directory) throws IOException {
    Path path = resolve(directory);
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw failed("creation of directory " + path, e);
    }
  }

  private IOException failed(String what, IOException cause) {
    return DiskFullException.of(what + " failed: " + explain(cause), cause, usable());
  }

  private static String explain(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    // Such an exception names the file first, which the message does already.
    String reason = e instanceof FileSystemException known ? known.getReason() : e.getMessage();
    return reason == null ? e.getClass().getSimpleName() : reason;
  }

  private long usable() {
    try {
      return usableBytes();
    } catch (IOException e) {
      return -1;
    }
  }

  @Override
  public LogFile open(String path, boolean create) throws IOException {
    Path file = resolve(path);
    if (!create) {
      return new ChannelLogFile(
          file, FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE), root);
    }
    try {
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
      return new ChannelLogFile(file, channel, root);
    } catch (IOException e) {
      throw failed("opening of " + file, e);
    }
  }

  @Override
  public void rename(String from, String to) throws IOException {
    Files.move(resolve(from), resolve(to), StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void delete(String path) throws IOException {
    Path target = resolve(path);
    if (target.equals(root)) {
      throw new IllegalArgumentException("refusing to delete the root " + root);
    }
    try (Stream<Path> tree = Files.walk(target)) {
      for (Path each : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(each);
      }
    } catch (NoSuchFileException e) {
      // Deleted already, by an earlier attempt.
    }
  }

  @Override
  public void syncDirectory(String directory) throws IOException {
    try (FileChannel channel = FileChannel.open(resolve(directory), StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public long totalBytes() throws IOException {
    return Files.getFileStore(root).getTotalSpace();
  }

  @Override
  public long usableBytes() throws IOException {
    return Files.getFileStore(root).getUsableSpace();
  }
}
