package io.millrace.server;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.DirectoryStatus;
import io.millrace.log.LogManager;
import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.BrokerStorage;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.metadata.request.ReportStorage;
import io.millrace.replication.PartitionRegistry;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the controller how this broker's disks are, and opens directories again that were full once
 * they have room. Driven by what is, not by what happens: whatever differs from the metadata is
 * told until the metadata show it, so that neither a lost answer nor a new registration leaves them
 * wrong.
 *
 * <pre>
 *   in service --write or flush fails--> offline --metadata show it, was full, has room--> in service
 * </pre>
 *
 * <p>A directory is opened again only after the metadata show its replicas offline: that ended the
 * epochs in which they led, so nothing that the failed log had shown to others can be contradicted
 * under the same epoch.
 */
@ConfinedTo("the loop handed in")
final class StorageKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(StorageKeeper.class);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long ROOM_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final int nodeId;
  private final LogManager logs;
  private final PartitionRegistry registry;
  private final MetadataClient metadata;
  private final EventLoop loop;
  private boolean telling;
  private boolean reopening;
  private long looksUntilRoomIsAsked;
  private boolean closed;

  StorageKeeper(
      int nodeId,
      LogManager logs,
      PartitionRegistry registry,
      MetadataClient metadata,
      EventLoop loop) {
    this.nodeId = nodeId;
    this.logs = logs;
    this.registry = registry;
    this.metadata = metadata;
    this.loop = loop;
  }

  void start() {
    logs.onDirectoryOffline((path, reason) -> loop.tryExecute(this::look));
    lookAgain();
  }

  void close() {
    loop.tryExecute(() -> closed = true);
  }

  private void lookAgain() {
    loop.schedule(
        () -> {
          if (!closed) {
            look();
            lookAgain();
          }
        },
        LOOK_NANOS);
  }

  private void look() {
    BrokerImage self = metadata.image().cluster().broker(nodeId);
    long epoch = metadata.brokerEpoch();
    if (closed || telling || self == null || epoch < 0 || self.epoch() != epoch) {
      return;
    }
    BrokerStorage now =
        new BrokerStorage(
            !logs.onlineDirectories().isEmpty(),
            logs.offlineDirectories().size(),
            registry.offlineReplicas());
    if (!now.equals(self.storage())) {
      tell(epoch, now);
    } else if (now.failedDirectories() > 0) {
      openWhatHasRoom();
    }
  }

  private void tell(long epoch, BrokerStorage now) {
    telling = true;
    int offline = now.offlineReplicas().values().stream().mapToInt(List::size).sum();
    LOG.info(
        "telling the controller of this broker's disks, failedDirectories={} anyGood={} offlineReplicas={}",
        now.failedDirectories(),
        now.anyGood(),
        offline);
    metadata
        .send(new ReportStorage(nodeId, epoch, now), ANSWER_NANOS)
        .whenComplete(
            (result, failure) ->
                loop.tryExecute(
                    () -> {
                      telling = false;
                      if (failure != null || !result.isOk()) {
                        LOG.warn(
                            "the controller did not take the report of this broker's disks: {}",
                            failure == null ? result.message() : failure.toString());
                      }
                    }));
  }

  private void openWhatHasRoom() {
    if (reopening || looksUntilRoomIsAsked-- > 0) {
      return;
    }
    looksUntilRoomIsAsked = ROOM_NANOS / LOOK_NANOS;
    for (DirectoryStatus directory : logs.directories()) {
      if (directory.hasRoomAgain()) {
        reopening = true;
        LOG.info(
            "log directory has room again, opening it, path={} usableBytes={}",
            directory.path(),
            directory.usableBytes());
        logs.reopen(directory.path())
            .thenCompose(done -> registry.reopen())
            .whenComplete(
                (done, failure) ->
                    loop.tryExecute(
                        () -> {
                          reopening = false;
                          if (failure != null) {
                            LOG.warn("{}, trying again later", failure.toString());
                          }
                          look();
                        }));
        return;
      }
    }
  }
}
