package io.millrace.metadata.kv;

/**
 * What a command may ask for. Part of the state machine: every node has to judge alike, so a limit
 * changes only together with a version of the format.
 */
public final class KvLimits {

  /** Characters of a key; a put beyond it is INVALID. */
  public static final int MAX_KEY_LENGTH = 1_024;

  /** Bytes of a value; a put beyond it is INVALID. */
  public static final int MAX_VALUE_BYTES = 1 << 20;

  /** Bytes of a request id; a command beyond it is INVALID. */
  public static final int MAX_REQUEST_ID_BYTES = 64;

  /**
   * Entries that one range answers, whatever limit it names; its count tells how many there are.
   */
  public static final int MAX_RANGE_ENTRIES = 10_000;

  /** Requests remembered for repeats; the oldest is forgotten first. */
  public static final int REMEMBERED_REQUESTS = 8_192;

  /** Bytes of a command; a proposal beyond it is refused before it reaches the log. */
  public static final int MAX_COMMAND_BYTES = 3 << 20;

  private KvLimits() {}
}
