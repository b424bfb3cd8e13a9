package io.millrace.metadata.quorum;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Stands for a voter's controller port: copies bytes both ways between whoever connects and Ratis'
 * private port, and can be cut to play a broken network. Blocking threads, for tests.
 */
final class SpliceProxy implements AutoCloseable {

  private final ServerSocket door;
  private final Supplier<@Nullable InetSocketAddress> target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean cut;

  SpliceProxy(Supplier<@Nullable InetSocketAddress> target) {
    this.target = target;
    try {
      this.door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    start(this::accept);
  }

  int port() {
    return door.getLocalPort();
  }

  /** Closes every connection and refuses new ones. */
  void cut() {
    cut = true;
    sockets.forEach(SpliceProxy::closeQuietly);
  }

  void mend() {
    cut = false;
  }

  private void accept() {
    while (!door.isClosed()) {
      try {
        Socket from = door.accept();
        start(() -> splice(from));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void splice(Socket from) {
    InetSocketAddress address = target.get();
    Socket to = new Socket();
    try {
      if (cut || address == null) {
        return;
      }
      sockets.add(from);
      sockets.add(to);
      to.connect(address);
      to.setTcpNoDelay(true);
      from.setTcpNoDelay(true);
      Thread back = start(() -> copy(to, from));
      copy(from, to);
      back.join();
    } catch (IOException e) {
      // One side is gone; so is the other below.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      sockets.remove(from);
      sockets.remove(to);
      closeQuietly(from);
      closeQuietly(to);
    }
  }

  private static void copy(Socket from, Socket to) {
    byte[] buffer = new byte[16_384];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        out.write(buffer, 0, count);
      }
    } catch (IOException e) {
      // Closed by either side.
    } finally {
      closeQuietly(from);
      closeQuietly(to);
    }
  }

  private static Thread start(Runnable task) {
    Thread thread = new Thread(task, "splice");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is closed either way.
    }
  }

  @Override
  public void close() {
    try {
      door.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    cut();
  }
}
