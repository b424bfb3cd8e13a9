package io.millrace.tools;

import io.millrace.client.ClientConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds out, before a command asks anything, whether anybody listens at the bootstrap addresses. A
 * client library goes on trying, for its broker may be restarting; a person who mistyped a port
 * wants to know at once.
 */
final class FirstContact {

  /** Silence after which the person is told what is being tried. */
  static final long NOTICE_MS = 1_000;

  private FirstContact() {}

  /** How one address answered; no failure means that somebody listens there. */
  private record Outcome(String address, @Nullable String failure) {}

  /**
   * Returns as soon as one of the addresses takes a connection.
   *
   * @throws CommandFailure when none does: at once when all refuse, else after the timeout
   */
  static void require(List<String> addresses, int timeoutMs, PrintWriter err) {
    BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();
    for (String address : addresses) {
      String host = ClientConfig.hostOf(address);
      int port = ClientConfig.portOf(address);
      Thread attempt =
          new Thread(
              () -> outcomes.add(new Outcome(address, connect(host, port, timeoutMs))),
              "first-contact-" + address);
      attempt.setDaemon(true);
      attempt.start();
    }
    long start = System.nanoTime();
    boolean told = false;
    List<String> failures = new ArrayList<>();
    while (failures.size() < addresses.size()) {
      long passedMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
      long waitMs = (told || timeoutMs <= NOTICE_MS ? timeoutMs : NOTICE_MS) - passedMs;
      Outcome outcome = poll(outcomes, waitMs);
      if (outcome == null) {
        if (told || timeoutMs <= NOTICE_MS) {
          failures.add("no answer within " + timeoutMs + " ms");
          break;
        }
        told = true;
        err.println(notice(String.join(",", addresses), timeoutMs));
      } else if (outcome.failure() == null) {
        return;
      } else {
        failures.add(outcome.address() + ": " + outcome.failure());
      }
    }
    throw new CommandFailure(
        ExitCode.UNREACHABLE,
        "no broker at " + String.join(",", addresses) + " (" + String.join("; ", failures) + ")",
        ClusterOptions.hint(String.join(",", addresses)));
  }

  /** What a command says while nobody has answered. */
  static String notice(String addresses, int timeoutMs) {
    return "millrace: no answer yet from "
        + addresses
        + ", trying for up to "
        + (timeoutMs + 500) / 1_000
        + " s";
  }

  private static @Nullable Outcome poll(BlockingQueue<Outcome> outcomes, long waitMs) {
    try {
      return outcomes.poll(Math.max(0, waitMs), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  /**
   * @return why there is no connection; null when there is one
   */
  private static @Nullable String connect(String host, int port, int timeoutMs) {
    String failure = "no address";
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        try (Socket socket = new Socket()) {
          socket.connect(new InetSocketAddress(address, port), timeoutMs);
          return null;
        } catch (SocketTimeoutException e) {
          failure = "no answer within " + timeoutMs + " ms";
        } catch (ConnectException e) {
          String message = String.valueOf(e.getMessage());
          failure = message.contains("refused") ? "connection refused" : message;
        }
      }
    } catch (UnknownHostException e) {
      failure = "unknown host";
    } catch (IOException e) {
      failure = String.valueOf(e.getMessage());
    }
    return failure;
  }
}
