package io.millrace.server;

import io.millrace.concurrent.Clock;
import io.millrace.metadata.MetadataNode;
import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.ClusterImage;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.request.RegisterBroker;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.server.config.Endpoint;
import io.millrace.server.config.NodeConfig;
import io.millrace.server.network.NettyServer;
import io.millrace.server.network.PortTakenException;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import io.millrace.server.network.RequestProcessor;
import java.net.BindException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The start of a node, step by step on a thread of its own. Cheap checks that an operator has to
 * hear of come first; what takes long (the quorum's start, the recovery of the logs) goes on side
 * by side. A step that fails undoes those before it.
 */
final class NodeStart {
  private static final Logger LOG = LoggerFactory.getLogger(NodeStart.class);
  private static final int FATAL_EXIT = 3;
  private static final long POLL_MILLIS = 100;

  private final NodeConfig config;
  private final NodeProgress progress;
  private final Clock clock;
  private final long beganNanos;
  private final CompletableFuture<Node> result = new CompletableFuture<>();
  private final SplittableRandom random = new SplittableRandom(new SecureRandom().nextLong());
  private final Loops loops;
  private final NodeParts parts;
  private @Nullable NettyServer openLater;

  NodeStart(NodeConfig config, NodeProgress progress, Clock clock) {
    this.config = config;
    this.progress = progress;
    this.clock = clock;
    this.beganNanos = clock.monotonicNanos();
    this.loops = new Loops(config.quorum().nodeId(), clock);
    this.parts = new NodeParts(loops, clock, config.replication().controlledShutdown());
  }

  CompletableFuture<Node> begin() {
    new Thread(this::run, "node-start@" + config.quorum().nodeId()).start();
    return result;
  }

  private void run() {
    try {
      Node node = startAll();
      if (!result.complete(node)) {
        node.stop();
      }
      LOG.info(
          "node ready, node={} cluster={} listeners={} millis={}",
          config.quorum().nodeId(),
          node.image().cluster().clusterId(),
          parts.bound(),
          TimeUnit.NANOSECONDS.toMillis(clock.monotonicNanos() - beganNanos));
      progress.ready(node);
      parts.jmx(JmxMetrics.register(config.quorum().nodeId(), parts.metrics()));
    } catch (Throwable e) {
      try {
        parts.stop();
      } catch (RuntimeException stopFailed) {
        e.addSuppressed(stopFailed);
      }
      result.completeExceptionally(e);
    }
  }

  private Node startAll() throws InterruptedException {
    warnOfForeignKeys();
    step("checking data directories");
    DataDirectories directories =
        DataDirectories.open(config.storage().logDirs(), config.quorum().nodeId(), random);
    DelayedProcessor processor = new DelayedProcessor();
    if (config.quorum().broker()) {
      step("binding ports");
      bind(processor);
    }
    step("joining the metadata quorum");
    MetadataNode metadata =
        MetadataNode.start(
            MetadataSetup.of(config, config.storage().metadataDir()), clock, this::onFatal);
    parts.metadata(metadata);
    if (!config.quorum().broker()) {
      awaitQuorum(metadata);
      directories.joinCluster(awaitCluster(metadata));
      return new Node(config, parts);
    }
    // The logs are recovered while the quorum finds its leader.
    step("opening logs");
    BrokerRuntime broker =
        BrokerRuntime.open(config, directories, metadata.client(), loops, clock, random);
    parts.broker(broker);
    broker.publishMetrics(parts.metrics());
    awaitQuorum(metadata);
    directories.joinCluster(awaitCluster(metadata));
    step("registering");
    broker.follow();
    processor.set(broker.dispatcher());
    register(metadata, directories.directoryId());
    return new Node(config, parts);
  }

  private void warnOfForeignKeys() {
    if (!config.notImplemented().isEmpty()) {
      LOG.warn(
          "keys of Kafka's configuration that have no effect here: {}",
          String.join(", ", new TreeSet<>(config.notImplemented())));
    }
  }

  private void bind(RequestProcessor processor) {
    NettyServer server =
        new NettyServer(
            config.quorum().nodeId(), config.network(), processor, parts.metrics(), clock);
    parts.server(server);
    List<Endpoint> bound = new ArrayList<>();
    try {
      for (Endpoint listener : config.listeners().client()) {
        bound.add(server.bind(listener));
      }
    } catch (PortTakenException e) {
      throw new NodeStartException(
          e.getMessage()
              + ". Does another node or Kafka run here? The key listeners names the port.",
          e);
    }
    parts.bound(bound);
    openLater = server;
  }

  private void awaitQuorum(MetadataNode metadata) throws InterruptedException {
    try {
      await(
          metadata.started(),
          config.quorum().voters().size() > 1
              ? "the voters, all of them when they start for the first time"
              : "the quorum to start");
    } catch (NodeStartException e) {
      if (e.getCause() instanceof BindException) {
        throw new NodeStartException(
            "cannot listen on "
                + config.quorum().controllerBind().orElseThrow()
                + ": "
                + e.getMessage()
                + ". Does another node or Kafka run here? The key controller.quorum.voters names the port.",
            e);
      }
      throw e;
    }
  }

  private String awaitCluster(MetadataNode metadata) throws InterruptedException {
    MetadataImage image =
        await(
            ImageWait.until(metadata.client(), seen -> seen.cluster().clusterId() != null),
            "a majority of the voters");
    return Objects.requireNonNull(image.cluster().clusterId());
  }

  private void register(MetadataNode metadata, Uuid directoryId) throws InterruptedException {
    if (openLater != null) {
      openLater.open();
    }
    RegisterBroker registration =
        new RegisterBroker(
            config.quorum().nodeId(),
            Uuid.random(random),
            directoryId,
            config.quorum().rack().orElse(null),
            Advertised.endpoints(parts.bound(), config.listeners(), config.quorum()));
    long epoch =
        await(metadata.client().register(registration), "the controller to register this broker");
    parts.registered();
    await(
        ImageWait.until(metadata.client(), image -> isActive(image.cluster(), epoch)),
        "the controller to unfence this broker");
  }

  private boolean isActive(ClusterImage cluster, long epoch) {
    BrokerImage self = cluster.broker(config.quorum().nodeId());
    return self != null && self.epoch() >= epoch && self.isActive();
  }

  private void onFatal(String what, @Nullable Throwable cause) {
    LOG.error("the metadata quorum cannot go on here, stopping the process: {}", what, cause);
    // A voter that goes on without its disk answers for what it cannot keep.
    Runtime.getRuntime().halt(FATAL_EXIT);
  }

  private void step(String what) {
    LOG.debug("start step, node={} step={}", config.quorum().nodeId(), what);
    progress.step(what);
  }

  private <T> T await(CompletableFuture<T> future, String forWhat) throws InterruptedException {
    StartWait wait = new StartWait(forWhat, clock.monotonicNanos());
    while (true) {
      try {
        return future.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        if (result.isDone()) {
          throw new NodeStartException("the start was given up while waiting for " + forWhat);
        }
        String news = wait.poll(clock.monotonicNanos(), parts.metadata()::surveyVoters);
        if (news != null) {
          LOG.info("waiting for {}, node={}", news, config.quorum().nodeId());
          progress.waiting(news);
        }
      } catch (ExecutionException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        if (cause instanceof NodeStartException known) {
          throw known;
        }
        throw new NodeStartException(String.valueOf(cause.getMessage()), cause);
      }
    }
  }

  /** Stands for the handlers until they are there: ports are bound before, and opened after. */
  private static final class DelayedProcessor implements RequestProcessor {
    private volatile @Nullable RequestProcessor target;

    void set(RequestProcessor processor) {
      target = processor;
    }

    @Override
    public boolean accepts(ApiKey apiKey, short version) {
      RequestProcessor now = target;
      return now != null && now.accepts(apiKey, version);
    }

    @Override
    public CompletableFuture<Reply> process(RequestContext context, RequestMessage request) {
      return Objects.requireNonNull(target).process(context, request);
    }
  }
}
