package io.millrace.server.coordinator.group;

/** Why the answer to a heartbeat that was kept back must go. */
public enum HeartbeatRelease {
  /** The next one comes. */
  HEARTBEAT_FOLLOWS,

  /** The connection asks for something else, and the client can be had to send the next at once. */
  ASK_AGAIN,

  /** The next one will come when the client sees fit. */
  FOR_NOW
}
