package io.millrace.metadata.request;

/**
 * A broker keeps its session alive.
 *
 * @param epoch the broker epoch of its registration
 * @param imageRevision up to where it follows the metadata; it is unfenced once that covers its own
 *     registration
 * @param leaving true at the end of a clean stop: the session is over and the broker is fenced at
 *     once
 */
public record Heartbeat(int brokerId, long epoch, long imageRevision, boolean leaving)
    implements ControllerRequest<Heartbeat.Response> {

  /**
   * @param fenced whether the broker is fenced after this heartbeat
   */
  public record Response(Result result, boolean fenced) implements ControllerResponse {}
}
