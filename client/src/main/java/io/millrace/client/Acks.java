package io.millrace.client;

/** When a broker answers a write; the name in properties is Kafka's {@code acks}. */
public enum Acks {
  /** No answer: a lost record is not noticed. Not with idempotence. */
  NONE((short) 0),
  /**
   * When the leader has it. Lost if the leader is lost before a follower copied it. Not with
   * idempotence.
   */
  LEADER((short) 1),
  /** When every in-sync replica has it; the default. */
  ALL((short) -1);

  private final short code;

  Acks(short code) {
    this.code = code;
  }

  /** The number on the wire. */
  public short code() {
    return code;
  }

  static Acks parse(String text) {
    return switch (text.trim()) {
      case "0" -> NONE;
      case "1" -> LEADER;
      case "-1", "all" -> ALL;
      default -> throw new IllegalArgumentException("acks '" + text + "' is none of 0, 1, -1, all");
    };
  }
}
