package io.millrace.metadata.quorum;

import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.quorum.FormationRule.Decision;
import io.millrace.metadata.quorum.proto.JoinAnswer;
import io.millrace.metadata.quorum.proto.JoinRequest;
import io.millrace.metadata.quorum.proto.VoterIdentity;
import io.millrace.metadata.quorum.proto.VoterStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out, for a voter with empty storage, whether to found a quorum or to join one, and asks to
 * be added. Repeats itself until it succeeds; what it waits for is logged every few seconds.
 *
 * <p>Runs on the maintenance thread; answers come from the directory's threads.
 */
final class QuorumFormation {

  private static final Logger LOG = LoggerFactory.getLogger(QuorumFormation.class);
  private static final long PROBE_INTERVAL_MILLIS = 200;
  private static final long JOIN_INTERVAL_MILLIS = 500;
  private static final long LOG_EVERY_ROUNDS = 25;
  private static final long PROBE_PATIENCE_SECONDS = 3;
  private static final long JOIN_PATIENCE_SECONDS = 60;

  private final QuorumConfig config;
  private final VoterDirectory directory;
  private final ScheduledExecutorService maintenance;
  private long rounds;
  private int nextAsked;

  QuorumFormation(
      QuorumConfig config, VoterDirectory directory, ScheduledExecutorService maintenance) {
    this.config = config;
    this.directory = directory;
    this.maintenance = maintenance;
  }

  /**
   * Asks around until the decision is another than to wait, and gives it to the consumer on the
   * maintenance thread.
   */
  void decide(VoterIdentity self, Consumer<Decision> onDecided) {
    Map<Integer, VoterStatus> answers = new ConcurrentHashMap<>();
    List<CompletableFuture<?>> probes = new ArrayList<>();
    for (VoterAddress voter : config.voters()) {
      if (voter.nodeId() != config.nodeId()) {
        probes.add(probe(voter, answers));
      }
    }
    CompletableFuture.allOf(probes.toArray(CompletableFuture<?>[]::new))
        .whenCompleteAsync((done, failure) -> conclude(self, answers, onDecided), maintenance);
  }

  private CompletableFuture<?> probe(VoterAddress voter, Map<Integer, VoterStatus> answers) {
    return guarded(() -> directory.probe(voter))
        .orTimeout(PROBE_PATIENCE_SECONDS, TimeUnit.SECONDS)
        .handle(
            (status, failure) -> {
              if (status != null) {
                answers.put(voter.nodeId(), status);
              } else {
                LOG.debug("No answer to a probe, voter={}", voter, failure);
              }
              return status;
            });
  }

  private void conclude(
      VoterIdentity self, Map<Integer, VoterStatus> answers, Consumer<Decision> onDecided) {
    Decision decision = FormationRule.decide(self, config.voters(), Map.copyOf(answers));
    switch (decision.action()) {
      case START, JOIN -> onDecided.accept(decision);
      case WAIT -> {
        if (rounds++ % LOG_EVERY_ROUNDS == 1) {
          LOG.info("Waiting to found the metadata quorum: {}", decision.reason());
        }
        maintenance.schedule(
            () -> decide(self, onDecided), PROBE_INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
      }
    }
  }

  /** Asks to be added, one voter after another, until {@code joined} holds. */
  void join(VoterIdentity self, BooleanSupplier joined) {
    if (joined.getAsBoolean()) {
      return;
    }
    List<VoterAddress> others =
        config.voters().stream().filter(voter -> voter.nodeId() != config.nodeId()).toList();
    if (others.isEmpty()) {
      return;
    }
    VoterAddress asked = others.get(Math.floorMod(nextAsked, others.size()));
    JoinRequest request = JoinRequest.newBuilder().setJoiner(self).build();
    guarded(() -> directory.join(asked, request))
        .orTimeout(JOIN_PATIENCE_SECONDS, TimeUnit.SECONDS)
        .whenCompleteAsync(
            (answer, failure) -> {
              chooseNext(others, asked, answer, failure);
              maintenance.schedule(
                  () -> join(self, joined), JOIN_INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
            },
            maintenance);
  }

  private void chooseNext(
      List<VoterAddress> others,
      VoterAddress asked,
      @Nullable JoinAnswer answer,
      @Nullable Throwable failure) {
    boolean worthTelling = rounds++ % LOG_EVERY_ROUNDS == 0;
    if (answer == null) {
      nextAsked++;
      if (worthTelling) {
        LOG.info(
            "Waiting to be added to the metadata quorum: {} does not answer ({})",
            asked,
            String.valueOf(failure));
      }
      return;
    }
    switch (answer.getStatus()) {
      case ADDED -> LOG.info("Added to the metadata quorum by {}", asked);
      case NOT_LEADER -> nextAsked = indexOf(others, answer.getLeaderId());
      case RETRY, REFUSED -> {
        if (worthTelling || answer.getStatus() == JoinAnswer.Status.REFUSED) {
          LOG.info(
              "Waiting to be added to the metadata quorum: {} says {}", asked, answer.getReason());
        }
      }
      case STATUS_UNSPECIFIED, UNRECOGNIZED -> nextAsked++;
    }
  }

  private int indexOf(List<VoterAddress> others, int leaderId) {
    if (leaderId != QuorumStatus.NO_LEADER) {
      for (int i = 0; i < others.size(); i++) {
        if (others.get(i).nodeId() == leaderId) {
          return i;
        }
      }
    }
    return nextAsked + 1;
  }

  private static <T> CompletableFuture<T> guarded(Supplier<CompletableFuture<T>> call) {
    try {
      // A copy, so that our patience does not end the directory's own future.
      return call.get().copy();
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
