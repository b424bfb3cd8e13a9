package io.millrace.metadata.quorum;

import io.millrace.metadata.kv.KvSnapshot;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.util.MD5FileUtil;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes and reads snapshot files. The applier thread only freezes the state; a writing thread does
 * the rest, and what it has finished is reported at the applier's next question, so that Ratis
 * purges no entry before the snapshot with it is on disk.
 *
 * <p>The order on disk: temporary file, force, rename, checksum file, force the directory.
 */
final class SnapshotFiles {

  private static final Logger LOG = LoggerFactory.getLogger(SnapshotFiles.class);

  private final SimpleStateMachineStorage storage;
  private final ExecutorService writer;
  private final Runnable onWritten;
  private final Object lock = new Object();
  // All guarded by the lock.
  private boolean writing;
  private long finished = RaftLog.INVALID_LOG_INDEX;
  private long lastStarted = RaftLog.INVALID_LOG_INDEX;
  private int generation;

  /**
   * @param writer the one thread that writes; shut down on {@link #close}
   * @param onWritten called there when a snapshot waits to be reported
   */
  SnapshotFiles(SimpleStateMachineStorage storage, ExecutorService writer, Runnable onWritten) {
    this.storage = storage;
    this.writer = writer;
    this.onWritten = onWritten;
  }

  /**
   * Answers the index of a snapshot finished since the last call, else begins one and answers
   * "none". Applier thread.
   */
  long freezeOrReport(TermIndex position, KvSnapshot frozen) {
    synchronized (lock) {
      if (finished != RaftLog.INVALID_LOG_INDEX) {
        long report = finished;
        finished = RaftLog.INVALID_LOG_INDEX;
        return report;
      }
      if (!writing && position.getIndex() > lastStarted) {
        int mine = generation;
        try {
          writer.execute(() -> write(position, frozen, mine));
          writing = true;
          lastStarted = position.getIndex();
        } catch (RejectedExecutionException e) {
          LOG.debug("No snapshot during shutdown");
        }
      }
      return RaftLog.INVALID_LOG_INDEX;
    }
  }

  /** A snapshot from the leader takes the place of whatever is being written. Any thread. */
  void abandon() {
    synchronized (lock) {
      generation++;
      finished = RaftLog.INVALID_LOG_INDEX;
    }
  }

  void close() {
    writer.shutdown();
  }

  private void write(TermIndex position, KvSnapshot frozen, int mine) {
    boolean written = false;
    try {
      File file = storage.getSnapshotFile(position.getTerm(), position.getIndex());
      Path temporary = file.toPath().resolveSibling(file.getName() + ".writing");
      try (FileOutputStream out = new FileOutputStream(temporary.toFile())) {
        OutputStream buffered = new BufferedOutputStream(out, 1 << 16);
        frozen.writeTo(buffered);
        buffered.flush();
        out.getChannel().force(true);
      }
      synchronized (lock) {
        if (mine == generation) {
          Files.move(temporary, file.toPath(), StandardCopyOption.ATOMIC_MOVE);
          MD5Hash checksum = MD5FileUtil.computeAndSaveMd5ForFile(file);
          DurableFiles.forceDirectory(DurableFiles.directoryOf(file.toPath()));
          storage.updateLatestSnapshot(
              new SingleFileSnapshotInfo(
                  new FileInfo(file.toPath(), checksum), position.getTerm(), position.getIndex()));
          finished = position.getIndex();
          written = true;
        }
      }
    } catch (IOException e) {
      LOG.error(
          "Cannot write a metadata snapshot, index={}; the log keeps its entries",
          position.getIndex(),
          e);
    } finally {
      synchronized (lock) {
        writing = false;
      }
    }
    if (written) {
      LOG.info(
          "Wrote a metadata snapshot, index={} revision={}",
          position.getIndex(),
          frozen.view().revision());
      onWritten.run();
    }
  }

  /** The latest snapshot with a checksum, checked against it; null when there is none. */
  @Nullable Loaded load() throws IOException {
    SingleFileSnapshotInfo latest = storage.getLatestSnapshot();
    if (latest == null) {
      return null;
    }
    Path file = latest.getFile().getPath();
    MD5Hash expected = latest.getFile().getFileDigest();
    if (expected != null) {
      MD5FileUtil.verifySavedMD5(file.toFile(), expected);
    }
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      return new Loaded(KvSnapshot.readFrom(in), latest.getTermIndex());
    } catch (IOException e) {
      throw new IOException("cannot load the metadata snapshot " + file, e);
    }
  }

  /**
   * A snapshot read from disk.
   *
   * @param position of the last entry in it
   */
  record Loaded(KvSnapshot snapshot, TermIndex position) {}
}
