package io.millrace.protocol.codec;

/**
 * A value that the version to be written cannot carry, and whose silent loss would change the
 * meaning of the message. Thrown before anything is sent.
 */
public final class UnsupportedFieldException extends RuntimeException {

  private static final long serialVersionUID = 1;

  public UnsupportedFieldException(String message) {
    super(message);
  }

  /** The error for a field that was set but does not exist in the version. */
  public static UnsupportedFieldException absent(String type, String field, short version) {
    return new UnsupportedFieldException(
        type + "." + field + " is set, but version " + version + " does not have it");
  }

  /** The error for a whole message that does not exist in the version. */
  public static UnsupportedFieldException version(String type, short version, int low, int high) {
    return new UnsupportedFieldException(
        type + " has versions " + low + " to " + high + ", not " + version);
  }
}
