package io.millrace.log.storage;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A write found no room. What was flushed before is as safe as ever: unlike after other failures,
 * and after a failed flush, the directory may be opened again once there is room.
 */
public final class DiskFullException extends IOException {

  private static final long serialVersionUID = 1;

  private static final List<String> SIGNS = List.of("No space left", "quota exceeded");

  public DiskFullException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /**
   * The failure under a message of ours, as a full disk if it is one. The system names it in the
   * language of its settings, so the room that is left is asked for as well.
   *
   * @param usableBytes what is left, negative when not known
   */
  static IOException of(String message, IOException cause, long usableBytes) {
    String said = String.valueOf(cause.getMessage());
    boolean full = usableBytes == 0 || SIGNS.stream().anyMatch(said::contains);
    return full ? new DiskFullException(message, cause) : new IOException(message, cause);
  }
}
