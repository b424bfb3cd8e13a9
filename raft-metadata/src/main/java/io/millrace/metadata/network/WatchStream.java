package io.millrace.metadata.network;

import io.millrace.metadata.controller.Controller;
import io.millrace.metadata.kv.KvView;
import io.millrace.metadata.kv.MetadataLog;
import io.millrace.metadata.kv.MetadataLogListener;
import io.millrace.metadata.kv.proto.KvDelta;
import io.millrace.metadata.network.proto.Response;
import io.millrace.metadata.network.proto.SnapshotChunk;
import io.millrace.metadata.network.proto.Tick;
import io.millrace.metadata.network.proto.WatchEvent;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends the history to one follower. While the follower is slower than the history it gets nothing,
 * and what it missed is not kept for it: once its connection can be written again the stream goes
 * on after the last revision sent, from the log's memory or with a snapshot.
 *
 * <p>Confined to the channel's loop; the log's calls are brought there.
 */
final class WatchStream {

  private static final int ENTRIES_PER_CHUNK = 500;
  private static final long TICK_MILLIS = 500;

  private final ChannelHandlerContext ctx;
  private final MetadataLog log;
  private final long id;
  private final Future<?> ticker;
  private long sentRevision;
  private MetadataLog.@Nullable Subscription subscription;
  private @Nullable Feed feed;

  WatchStream(ChannelHandlerContext ctx, MetadataLog log, long id, long afterRevision) {
    this.ctx = ctx;
    this.log = log;
    this.id = id;
    this.sentRevision = afterRevision;
    this.ticker =
        ctx.executor().scheduleAtFixedRate(this::tick, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
    resume();
  }

  /** The connection can be written again, or not. */
  void writabilityChanged() {
    if (ctx.channel().isWritable() && subscription == null) {
      resume();
    }
  }

  void close() {
    ticker.cancel(false);
    pause();
  }

  private void resume() {
    Feed fresh = new Feed();
    feed = fresh;
    subscription = log.subscribe(sentRevision, fresh);
  }

  private void pause() {
    feed = null;
    if (subscription != null) {
      subscription.close();
      subscription = null;
    }
  }

  private void tick() {
    if (ctx.channel().isWritable()) {
      send(
          WatchEvent.newBuilder()
              .setTick(Tick.newBuilder().setLeaderId(Controller.leaderHint(log))));
      ctx.flush();
    }
  }

  private void delta(KvDelta delta) {
    if (delta.getRevision() <= sentRevision) {
      return;
    }
    send(WatchEvent.newBuilder().setDelta(delta));
    sentRevision = delta.getRevision();
    sent();
  }

  private void snapshot(KvView view) {
    SnapshotChunk.Builder[] chunk = {chunk(view)};
    view.forEach(
        entry -> {
          chunk[0].addEntries(entry);
          if (chunk[0].getEntriesCount() == ENTRIES_PER_CHUNK) {
            send(WatchEvent.newBuilder().setSnapshot(chunk[0]));
            chunk[0] = chunk(view);
          }
        });
    send(WatchEvent.newBuilder().setSnapshot(chunk[0].setLast(true)));
    sentRevision = view.revision();
    sent();
  }

  private void sent() {
    ctx.flush();
    if (!ctx.channel().isWritable()) {
      pause();
    }
  }

  private void send(WatchEvent.Builder event) {
    ctx.write(
        ControllerProtocol.frame(
            ctx.alloc(), Response.newBuilder().setId(id).setWatch(event).build()));
  }

  private static SnapshotChunk.Builder chunk(KvView view) {
    return SnapshotChunk.newBuilder().setRevision(view.revision()).setTerm(view.term());
  }

  /** One subscription's calls; those of a paused one are dropped. */
  private final class Feed implements MetadataLogListener {
    @Override
    public void onApplied(KvDelta delta) {
      onLoop(() -> delta(delta));
    }

    @Override
    public void onSnapshot(KvView view) {
      onLoop(() -> snapshot(view));
    }

    private void onLoop(Runnable event) {
      ctx.executor()
          .execute(
              () -> {
                if (feed == this && ctx.channel().isActive()) {
                  event.run();
                }
              });
    }
  }
}
