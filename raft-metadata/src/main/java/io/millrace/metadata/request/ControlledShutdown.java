package io.millrace.metadata.request;

/**
 * A broker is about to stop: leaderships leave it, and it leaves the ISRs that have another active
 * member. Ask again until nothing remains, or give up: what remains has no other replica in sync.
 *
 * @param epoch the broker epoch of its registration
 */
public record ControlledShutdown(int brokerId, long epoch)
    implements ControllerRequest<ControlledShutdown.Response> {

  /**
   * @param remaining partitions that the broker still leads because nobody else is in sync
   */
  public record Response(Result result, int remaining) implements ControllerResponse {}
}
