package io.millrace.replication;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.DirectoryStatus;
import io.millrace.log.LogManager;
import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.BrokerStorage;
import io.millrace.metadata.image.MetadataImage;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
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
public final class StorageKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(StorageKeeper.class);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long ROOM_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** The way to the controller. */
  public interface Reporter {

    /**
     * Tells how the disks are, under a broker epoch. The future ends when there is an answer or
     * none will come, exceptionally unless the controller took it.
     */
    CompletableFuture<Void> report(long brokerEpoch, BrokerStorage storage);
  }

  private final int nodeId;
  private final LogManager logs;
  private final PartitionRegistry registry;
  private final Supplier<MetadataImage> image;
  private final LongSupplier brokerEpoch;
  private final Reporter reporter;
  private final EventLoop loop;
  private boolean telling;
  private boolean reopening;
  private long looksUntilRoomIsAsked;
  private boolean closed;

  public StorageKeeper(
      ReplicaContext context,
      LogManager logs,
      PartitionRegistry registry,
      Reporter reporter,
      EventLoop loop) {
    this.nodeId = context.nodeId();
    this.logs = logs;
    this.registry = registry;
    this.image = context.image();
    this.brokerEpoch = context.brokerEpoch();
    this.reporter = reporter;
    this.loop = loop;
  }

  /** Begins. Any thread. */
  public void start() {
    logs.onDirectoryOffline((path, reason) -> onLoop(this::look));
    lookAgain();
  }

  /** Ends; a report or an opening that is under way goes on. Any thread. */
  public void close() {
    onLoop(() -> closed = true);
  }

  private void onLoop(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException full) {
      loop.schedule(task, 0); // takes no place in the queue
    }
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
    BrokerImage self = image.get().cluster().broker(nodeId);
    long epoch = brokerEpoch.getAsLong();
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
    reporter
        .report(epoch, now)
        .whenComplete(
            (done, failure) ->
                onLoop(
                    () -> {
                      telling = false;
                      if (failure != null) {
                        LOG.warn(
                            "the report of this broker's disks was not taken: {}",
                            failure.toString());
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
                    onLoop(
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
