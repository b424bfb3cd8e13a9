package io.millrace.server.coordinator.group;

/** What a group shard waits for. */
sealed interface GroupTimer {

  String group();

  /** A member has been silent for its session timeout. */
  record Session(String group, String memberId) implements GroupTimer {}

  /** The answer to a heartbeat has been kept back long enough. */
  record Heartbeat(String group, String memberId) implements GroupTimer {}

  /** A member whose connection broke has not been heard when it should have. */
  record Departure(String group, String memberId) implements GroupTimer {}

  /** The place of a member that is gone has been kept for a newcomer long enough. */
  record Vacancy(String group) implements GroupTimer {}

  /** The time in which members may join the next generation is over. */
  record JoinPhase(String group) implements GroupTimer {}

  /** The time in which members of a new generation must ask for their part is over. */
  record SyncPhase(String group) implements GroupTimer {}

  /** A classic member of a consumer group was told to join again, and has not. */
  record MemberJoin(String group, String memberId) implements GroupTimer {}

  /** A classic member of a consumer group has joined, and has not asked for its part. */
  record MemberSync(String group, String memberId) implements GroupTimer {}

  /** A member of a consumer group has not given up its partitions in time. */
  record Revocation(String group, String memberId) implements GroupTimer {}
}
