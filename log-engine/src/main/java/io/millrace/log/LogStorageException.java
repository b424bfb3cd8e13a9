package io.millrace.log;

/**
 * The disk failed the log, or the log's files are not what they must be. The message names the
 * path.
 */
public final class LogStorageException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public LogStorageException(String message) {
    super(message);
  }

  public LogStorageException(String message, Throwable cause) {
    super(message, cause);
  }
}
