package io.millrace.metadata;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.ThreadEventLoop;
import io.millrace.metadata.controller.Controller;
import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.network.ControllerListener;
import io.millrace.metadata.network.NetworkVoterDirectory;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.metadata.publish.RemoteMetadataClient;
import io.millrace.metadata.quorum.QuorumConfig;
import io.millrace.metadata.quorum.RatisQuorum;
import io.millrace.metadata.quorum.VoterAddress;
import io.millrace.metadata.quorum.VoterSurvey;
import io.millrace.metadata.quorum.proto.VoterStatus;
import io.millrace.protocol.network.NetworkLoops;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's part in the metadata: on a voter the quorum, the controller and the port; everywhere the
 * client.
 *
 * <p>Start order: the port is bound first, because voters find one another over it; then the
 * quorum; the client follows as soon as any voter answers. {@link #start} returns at once; {@link
 * #started} tells when the quorum runs here.
 *
 * <p>Thread-safe.
 */
public final class MetadataNode implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(MetadataNode.class);
  private static final int NETWORK_THREADS = 2;
  private static final long STOP_SECONDS = 15;

  private final NetworkLoops network;
  private final ThreadEventLoop clientLoop;
  private final RemoteMetadataClient client;
  private final @Nullable Voter voter;
  private final CompletableFuture<Void> started;
  private final MetadataConfig config;

  private MetadataNode(MetadataConfig config, Clock clock, RatisQuorum.FatalHandler fatal) {
    this.config = config;
    this.network = new NetworkLoops("metadata-network-" + config.nodeId(), NETWORK_THREADS);
    this.clientLoop = loop("metadata-client-" + config.nodeId(), clock);
    this.client =
        new RemoteMetadataClient(
            config.nodeId(),
            config.votersInOrder(),
            network,
            clientLoop,
            clock,
            config.controller().sessionTimeout());
    QuorumConfig quorumConfig = config.voter();
    if (quorumConfig == null) {
      voter = null;
      started = CompletableFuture.completedFuture(null);
    } else {
      Voter own = new Voter(config, quorumConfig, network, clock, fatal);
      voter = own;
      started = own.start(config, quorumConfig);
    }
    client.start();
  }

  /**
   * Starts a node's part.
   *
   * @param fatal told when the quorum's disk or server failed: the process has to end
   */
  public static MetadataNode start(
      MetadataConfig config, Clock clock, RatisQuorum.FatalHandler fatal) {
    return new MetadataNode(config, clock, fatal);
  }

  /**
   * Completes when the quorum runs here (a leader may come later), at once on a node that is no
   * voter; fails when the port is taken or the storage must not be used.
   */
  public CompletableFuture<Void> started() {
    return started.copy();
  }

  /** The metadata, and the way to the controller. */
  public MetadataClient client() {
    return client;
  }

  /** The quorum as this voter sees it; null on a node that is no voter. */
  public @Nullable QuorumStatus quorumStatus() {
    return voter == null ? null : voter.quorum.status();
  }

  /**
   * Asks every other voter how it is, for a message to the operator. Completes within a few
   * seconds; never fails.
   */
  public CompletableFuture<VoterSurvey> surveyVoters() {
    VoterStatus self = voter == null ? null : voter.quorum.voterStatus();
    NetworkVoterDirectory directory = new NetworkVoterDirectory(network);
    Map<VoterAddress, VoterStatus> answers = new ConcurrentHashMap<>();
    List<VoterAddress> others = new ArrayList<>(config.voters());
    others.removeIf(one -> one.nodeId() == config.nodeId());
    List<CompletableFuture<?>> probes = new ArrayList<>();
    for (VoterAddress one : others) {
      probes.add(
          directory
              .probe(one)
              .handle((status, failure) -> failure == null ? answers.put(one, status) : null));
    }
    return CompletableFuture.allOf(probes.toArray(CompletableFuture<?>[]::new))
        .thenApply(done -> VoterSurvey.of(self, others, Map.copyOf(answers)));
  }

  /**
   * Leaves the cluster: the broker's session ends, a leading voter hands leadership over. Blocks
   * for up to some seconds; not on an event loop.
   */
  @Override
  public void close() {
    client.close();
    if (voter != null) {
      voter.stop();
    }
    clientLoop.close();
    network.close();
  }

  private static ThreadEventLoop loop(String name, Clock clock) {
    return new ThreadEventLoop(
        name, clock, (loop, failure) -> LOG.error("Task failed, loop={}", loop.name(), failure));
  }

  /** What only a voter has. */
  private static final class Voter {
    final RatisQuorum quorum;
    final ThreadEventLoop loop;
    final Controller controller;
    final ControllerListener listener;

    Voter(
        MetadataConfig config,
        QuorumConfig quorumConfig,
        NetworkLoops network,
        Clock clock,
        RatisQuorum.FatalHandler fatal) {
      quorum = new RatisQuorum(quorumConfig, new NetworkVoterDirectory(network), fatal);
      loop = loop("controller-" + config.nodeId(), clock);
      // Ids have to differ between nodes and starts: the seed is not for repeating anything here.
      SplittableRandom random = new SplittableRandom(new SecureRandom().nextLong());
      controller =
          new Controller(quorum, loop, clock, random, config.controller(), config.validator());
      listener =
          new ControllerListener(
              network, new QuorumVoterService(quorum, controller), clock, config.maxConnections());
    }

    CompletableFuture<Void> start(MetadataConfig config, QuorumConfig quorumConfig) {
      InetSocketAddress bind = config.bindAddress();
      controller.start();
      return listener
          .bind(bind != null ? bind : new InetSocketAddress(quorumConfig.self().port()))
          .thenCompose(bound -> quorum.start());
    }

    void stop() {
      // The port stays open while leadership is handed over: Ratis' votes come over it.
      quorum
          .stop()
          .completeOnTimeout(null, STOP_SECONDS, TimeUnit.SECONDS)
          .exceptionally(
              failure -> {
                LOG.warn("The quorum did not stop cleanly, cause={}", failure.toString());
                return null;
              })
          .join();
      controller.close();
      listener.close();
      loop.close();
    }
  }
}
