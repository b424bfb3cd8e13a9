package io.millrace.log.storage;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * One directory tree of log files. Paths are relative to its root, with {@code /} between names;
 * they are made by the log from checked names and never come from the wire.
 *
 * <p>What survives a crash is what a POSIX file system promises: bytes of a file once {@link
 * LogFile#force} returned, names of files (creation, rename, deletion) once {@link #syncDirectory}
 * of their directory returned.
 */
public interface LogStorage {

  /** The root as an operator knows it, for messages. */
  String describe();

  /**
   * Takes the directory for this process; released by closing.
   *
   * @throws IOException naming the directory, when another process has it
   */
  Closeable lock() throws IOException;

  /** Names in a directory, sorted; the empty path is the root. */
  List<String> list(String directory) throws IOException;

  boolean isDirectory(String path);

  /** Throws when it cannot be told: what cannot be looked at is not taken for missing. */
  boolean exists(String path) throws IOException;

  void createDirectory(String directory) throws IOException;

  /**
   * Opens a file for reading and writing; creates it when it is missing and {@code create} is set.
   */
  LogFile open(String path, boolean create) throws IOException;

  /** Moves a file or a directory, replacing a file of the target's name in one step. */
  void rename(String from, String to) throws IOException;

  /** Deletes a file, or a directory with all it holds; nothing happens when it is missing. */
  void delete(String path) throws IOException;

  /** Makes creations, renames and deletions in a directory durable; the empty path is the root. */
  void syncDirectory(String directory) throws IOException;

  /** The size of the file system, or {@link Long#MAX_VALUE} when unknown. */
  long totalBytes() throws IOException;

  /** The bytes left for files, or {@link Long#MAX_VALUE} when unknown. */
  long usableBytes() throws IOException;
}
