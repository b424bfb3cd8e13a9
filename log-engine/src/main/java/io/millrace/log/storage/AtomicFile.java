package io.millrace.log.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Small files that are replaced whole: after a crash there is the old one or the new one, never a
 * mixture.
 */
public final class AtomicFile {

  /** The suffix of a replacement that is being written; a leftover means nothing. */
  public static final String TEMPORARY_SUFFIX = ".tmp";

  private static final int MAX_BYTES = 256 << 20;

  private AtomicFile() {}

  /** Replaces a file and returns once the new one is durable. */
  public static void write(LogStorage storage, String directory, String name, byte[] bytes)
      throws IOException {
    String path = join(directory, name);
    writeUnsynced(storage, path, bytes);
    storage.syncDirectory(directory);
  }

  /** Replaces a file; durable after the next {@link LogStorage#syncDirectory} of its directory. */
  public static void writeUnsynced(LogStorage storage, String path, byte[] bytes)
      throws IOException {
    String temporary = path + TEMPORARY_SUFFIX;
    try (LogFile file = storage.open(temporary, true)) {
      file.truncate(0);
      file.write(ByteBuffer.wrap(bytes), 0);
      file.force();
    }
    storage.rename(temporary, path);
  }

  /** All bytes of a file, or null when it is missing. */
  public static byte @Nullable [] read(LogStorage storage, String path) throws IOException {
    if (!storage.exists(path)) {
      return null;
    }
    try (LogFile file = storage.open(path, false)) {
      long size = file.size();
      if (size > MAX_BYTES) {
        throw new IOException(
            storage.describe()
                + "/"
                + path
                + " has "
                + size
                + " bytes, expected at most "
                + MAX_BYTES);
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) size);
      file.read(bytes, 0);
      return bytes.array();
    }
  }

  /** A path below a directory; the empty directory is the root. */
  public static String join(String directory, String name) {
    return directory.isEmpty() ? name : directory + "/" + name;
  }
}
