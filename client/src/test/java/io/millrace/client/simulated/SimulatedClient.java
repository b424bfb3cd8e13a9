package io.millrace.client.simulated;

import io.millrace.client.ClientConfig;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.network.BrokerLinks;
import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;

/** The part of a client that speaks to brokers, on a loop, a clock and a network of a test's. */
public final class SimulatedClient {

  private SimulatedClient() {}

  /** One request has 5 s, an operation 10 s, pauses are 50 ms to 1 s. */
  public static ClusterClient cluster(
      EventLoop loop, Clock clock, BrokerLinks links, String... bootstrap) {
    ClientConfig config =
        new ClientConfig(
            List.of(bootstrap),
            "test",
            Duration.ofSeconds(5),
            Duration.ofSeconds(10),
            Duration.ofMinutes(5),
            Duration.ofMillis(50),
            Duration.ofSeconds(1),
            Duration.ofMillis(50),
            Duration.ofSeconds(1),
            Duration.ofSeconds(5));
    return new ClusterClient(config, loop, clock, links, new SplittableRandom(1), false);
  }
}
