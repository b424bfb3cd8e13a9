package io.millrace.metadata.request;

import io.millrace.metadata.image.BrokerStorage;

/**
 * A broker tells how its disks are: the whole of it, whenever it differs from what the metadata
 * say.
 *
 * @param brokerEpoch the epoch of its registration
 */
public record ReportStorage(int brokerId, long brokerEpoch, BrokerStorage storage)
    implements ControllerRequest<Result> {}
