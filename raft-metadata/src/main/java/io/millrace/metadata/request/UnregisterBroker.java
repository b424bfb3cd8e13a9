package io.millrace.metadata.request;

/** An operator removes a broker that will not come back. Refused while its session lives. */
public record UnregisterBroker(int brokerId) implements ControllerRequest<Result> {}
