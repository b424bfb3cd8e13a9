package io.millrace.metadata.request;

import io.millrace.metadata.kv.QuorumStatus;

/** Asks the active controller for the state of the metadata quorum. */
public record DescribeQuorum() implements ControllerRequest<DescribeQuorum.Response> {

  public record Response(QuorumStatus status) implements ControllerResponse {}
}
