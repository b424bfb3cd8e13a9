package io.millrace.metadata.network;

import io.millrace.metadata.quorum.VoterAddress;
import io.millrace.metadata.quorum.VoterDirectory;
import io.millrace.protocol.network.NetworkLoops;
import java.net.ConnectException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a voter that is there only to break. When it does, it is made again: a port that
 * refuses it has nobody behind it, while one that accepts, or does not answer, may have a process
 * that is slow.
 *
 * <p>Thread-safe; what happens, happens on the network loops.
 */
final class VoterLine implements VoterDirectory.Line {

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
  // The connections of a process that dies may break a moment before its port closes.
  private static final long BROKEN_AGAIN_MILLIS = 20;
  private static final long FAILED_AGAIN_MILLIS = 500;

  private final NetworkLoops loops;
  private final VoterAddress voter;
  private final Runnable gone;
  // Guarded by this.
  private @Nullable VoterConnection connection;
  private boolean stood;
  private boolean closed;

  VoterLine(NetworkLoops loops, VoterAddress voter, Runnable gone) {
    this.loops = loops;
    this.voter = voter;
    this.gone = gone;
  }

  void connect() {
    if (isClosed()) {
      return;
    }
    VoterConnection.connect(loops, voter, CONNECT_TIMEOUT)
        .whenComplete(
            (made, failure) -> {
              if (made != null) {
                connected(made);
                return;
              }
              if (refused(failure) && hasStood() && !isClosed()) {
                gone.run();
              }
              again(FAILED_AGAIN_MILLIS);
            });
  }

  private void connected(VoterConnection made) {
    boolean late;
    synchronized (this) {
      late = closed;
      stood = true;
      connection = made;
    }
    if (late) {
      made.close();
      return;
    }
    long since = System.nanoTime();
    made.closed()
        .thenRun(
            () -> {
              long lived = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since);
              again(lived < FAILED_AGAIN_MILLIS ? FAILED_AGAIN_MILLIS : BROKEN_AGAIN_MILLIS);
            });
  }

  /** An address that never answered may be a wrong one, and says nothing of the voter. */
  private synchronized boolean hasStood() {
    return stood;
  }

  private void again(long millis) {
    if (!isClosed() && !loops.group().isShuttingDown()) {
      var unused = loops.group().schedule(this::connect, millis, TimeUnit.MILLISECONDS);
    }
  }

  /** The system gives one type to a refusal and to a lack of answer, and tells them by name. */
  private static boolean refused(@Nullable Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException
          && String.valueOf(cause.getMessage()).contains("refused")) {
        return true;
      }
    }
    return false;
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    VoterConnection open;
    synchronized (this) {
      closed = true;
      open = connection;
    }
    if (open != null) {
      open.close();
    }
  }
}
