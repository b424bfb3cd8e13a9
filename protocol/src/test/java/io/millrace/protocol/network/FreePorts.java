package io.millrace.protocol.network;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports for nodes whose peers must know them before they listen. They lie below those that systems
 * give to outgoing connections (32768 and up on Linux), so that no client takes one meanwhile.
 */
public final class FreePorts {
  private static final int FIRST = 10_000;
  private static final int COUNT = 22_000;

  private FreePorts() {}

  /** Different ones, on which nobody listens now. */
  public static List<Integer> find(int count) {
    List<Integer> ports = new ArrayList<>();
    int from = ThreadLocalRandom.current().nextInt(COUNT);
    for (int i = 0; i < COUNT && ports.size() < count; i++) {
      int port = FIRST + (from + i) % COUNT;
      if (isFree(port)) {
        ports.add(port);
      }
    }
    if (ports.size() < count) {
      throw new IllegalStateException("no " + count + " free ports from " + FIRST);
    }
    return ports;
  }

  public static int find() {
    return find(1).get(0);
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }
}
