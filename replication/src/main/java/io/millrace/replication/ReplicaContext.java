package io.millrace.replication;

import io.millrace.concurrent.Clock;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.replication.leader.IsrProposer;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What every replica of a node shares.
 *
 * @param nodeId this broker
 * @param image the newest metadata; wait-free
 * @param brokerEpoch the registration of this broker, -1 before the first; wait-free
 * @param leaseValid false once this broker may have been fenced for its silence; wait-free
 * @param isrProposer the way to the controller
 */
public record ReplicaContext(
    int nodeId,
    Clock clock,
    ReplicationConfig config,
    PartitionConfigSource topicConfigs,
    Supplier<MetadataImage> image,
    LongSupplier brokerEpoch,
    BooleanSupplier leaseValid,
    IsrProposer isrProposer) {}
