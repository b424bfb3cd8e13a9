package io.millrace.metadata.request;

/** A broker asks for a block of producer ids of its own. */
public record AllocateProducerIds(int brokerId, long brokerEpoch)
    implements ControllerRequest<AllocateProducerIds.Response> {

  /**
   * @param first the first id of the block, -1 on an error
   * @param count how many ids from there
   */
  public record Response(Result result, long first, int count) implements ControllerResponse {}
}
