package io.millrace.server.coordinator.group;

/**
 * Where a member of a consumer group stands between what it owns and what it shall own.
 *
 * <pre>
 *   STABLE --must give up partitions--> UNREVOKED --has given them up--> UNRELEASED | STABLE
 *   STABLE --wants what others still hold--> UNRELEASED --they let go--> STABLE
 * </pre>
 */
enum MemberState {
  STABLE(0),
  /** Keeps its epoch until it reports that it owns no more what it must give up. */
  UNREVOKED(1),
  /** Is at the newest epoch, and waits for partitions that other members have not released. */
  UNRELEASED(2);

  private final byte code;

  MemberState(int code) {
    this.code = (byte) code;
  }

  byte code() {
    return code;
  }

  static MemberState forCode(byte code) {
    for (MemberState state : values()) {
      if (state.code == code) {
        return state;
      }
    }
    return STABLE;
  }
}
