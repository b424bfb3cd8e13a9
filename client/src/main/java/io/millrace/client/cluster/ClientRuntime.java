package io.millrace.client.cluster;

import io.millrace.client.ClientConfig;
import io.millrace.client.network.BrokerLinks;
import io.millrace.client.network.NettyLinks;
import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.concurrent.ThreadEventLoop;
import java.time.Duration;
import java.util.SplittableRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one client runs on: its loop (one thread, parked when idle), the clock, the random source,
 * and the connection to the cluster. Netty's thread below is shared by all clients of the process.
 */
public final class ClientRuntime {

  private static final Logger LOG = LoggerFactory.getLogger(ClientRuntime.class);

  private final EventLoop loop;
  private final Clock clock;
  private final SplittableRandom random;
  private final ClusterClient cluster;

  /** On a loop, a clock and a network of the caller's, who also ends the loop. */
  public ClientRuntime(
      ClientConfig config,
      EventLoop loop,
      Clock clock,
      BrokerLinks links,
      SplittableRandom random,
      boolean autoCreate) {
    this.clock = clock;
    this.random = random;
    this.loop = loop;
    this.cluster = new ClusterClient(config, loop, clock, links, random.split(), autoCreate);
  }

  /**
   * Starts the loop; nothing is connected yet.
   *
   * @param autoCreateTopics whether brokers may create topics that this client asks about
   */
  public static ClientRuntime start(ClientConfig config, boolean autoCreateTopics) {
    Clock clock = Clock.system();
    EventLoop loop =
        new ThreadEventLoop(
            config.clientId(),
            clock,
            (failed, failure) -> LOG.error("a task failed loop={}", failed.name(), failure));
    return new ClientRuntime(
        config, loop, clock, NettyLinks.shared(config), new SplittableRandom(), autoCreateTopics);
  }

  public EventLoop loop() {
    return loop;
  }

  public Clock clock() {
    return clock;
  }

  public SplittableRandom random() {
    return random;
  }

  public ClusterClient cluster() {
    return cluster;
  }

  /** Runs a task on the loop, or not at all when the loop has ended or is overloaded: for hints. */
  public void tryRun(Runnable task) {
    if (!loop.tryExecute(task)) {
      LOG.debug("hint dropped loop={}", loop.name());
    }
  }

  /** Ends the loop after the tasks that it has. */
  public void end() {
    if (loop instanceof ThreadEventLoop thread) {
      thread.shutdown();
    }
  }

  /** Waits for the loop's end; not on the loop. */
  public void awaitEnd() {
    if (loop instanceof ThreadEventLoop thread
        && !thread.awaitTermination(Duration.ofSeconds(10))) {
      LOG.warn("loop did not end loop={}", loop.name());
    }
  }
}
