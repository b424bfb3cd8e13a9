package io.millrace.server;

import io.millrace.metadata.image.BrokerStorage;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.metadata.request.ReportStorage;
import io.millrace.replication.StorageKeeper;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Carries reports of this broker's disks to the controller. Any thread. */
record ControllerStorageReporter(int nodeId, MetadataClient metadata)
    implements StorageKeeper.Reporter {
  private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(5);

  @Override
  public CompletableFuture<Void> report(long brokerEpoch, BrokerStorage storage) {
    return metadata
        .send(new ReportStorage(nodeId, brokerEpoch, storage), ANSWER_NANOS)
        .thenAccept(
            result -> {
              if (!result.isOk()) {
                throw new IllegalStateException(result.error() + " " + result.message());
              }
            });
  }
}
