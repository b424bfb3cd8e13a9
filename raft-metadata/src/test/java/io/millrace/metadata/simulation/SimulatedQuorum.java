package io.millrace.metadata.simulation;

import io.millrace.concurrent.EventLoop;
import io.millrace.metadata.kv.AppliedLog;
import io.millrace.metadata.kv.KvView;
import io.millrace.metadata.kv.MetadataLog;
import io.millrace.metadata.kv.MetadataLogListener;
import io.millrace.metadata.kv.NotLeaderException;
import io.millrace.metadata.kv.OutcomeUnknownException;
import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.kv.proto.KvBatch;
import io.millrace.metadata.kv.proto.KvBatchResult;
import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.KvResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * A quorum without Raft: one agreed list of entries, which every node applies after a delay of its
 * own. Leadership changes when the test says so. A leader that was deposed learns it late; what it
 * had proposed is lost, or was agreed upon after all; answers get lost and entries doubled. The
 * store behind it is the real one.
 *
 * <p>Confined to the scheduler's thread.
 */
public final class SimulatedQuorum {

  /**
   * How bad it gets.
   *
   * @param minDelayNanos the shortest way of a message
   * @param maxDelayNanos the longest
   * @param lostAnswers of 1,000 answers
   * @param doubledEntries of 1,000 entries
   */
  public record Weather(
      long minDelayNanos, long maxDelayNanos, int lostAnswers, int doubledEntries) {
    public static final Weather FAIR = new Weather(200_000, 2_000_000, 0, 0);
    public static final Weather FOUL = new Weather(200_000, 50_000_000, 30, 30);
  }

  private record Entry(long term, KvBatch batch) {}

  private final EventLoop network;
  private final SplittableRandom random;
  private final Weather weather;
  private final List<Entry> entries = new ArrayList<>();
  private final Map<Integer, Node> nodes = new TreeMap<>();
  private long term;
  private int leader = QuorumStatus.NO_LEADER;

  /**
   * @param network runs the quorum's events
   */
  public SimulatedQuorum(EventLoop network, SplittableRandom random, Weather weather) {
    this.network = network;
    this.random = random.split();
    this.weather = weather;
  }

  /**
   * A voter's end of the log; the same for the same id. A node that comes later catches up from the
   * first entry.
   */
  public MetadataLog node(int id) {
    Node node = nodes.computeIfAbsent(id, Node::new);
    node.applySoon(entries.size());
    return node;
  }

  /**
   * Forgets a node's memory, as a crash does; {@link #node} brings it back with all entries to
   * apply again.
   */
  public void crash(int id) {
    Node node = nodes.remove(id);
    if (node != null) {
      node.crashed = true;
    }
    if (leader == id) {
      leader = QuorumStatus.NO_LEADER;
    }
  }

  /**
   * Makes the node the leader of a new term. It is ready once it has applied what was agreed upon
   * before.
   */
  public void elect(int id) {
    Node successor = nodes.get(id);
    if (successor == null) {
      throw new IllegalArgumentException("node " + id + " is not there");
    }
    Node predecessor = nodes.get(leader);
    long oldTerm = term;
    if (predecessor != null) {
      predecessor.overtaken();
      later(() -> predecessor.applied.notLeader(oldTerm));
    }
    term++;
    long newTerm = term;
    leader = id;
    // The first entry of a term: when it is applied, so is everything before.
    append(new Entry(newTerm, KvBatch.getDefaultInstance()));
    successor.readyAt(entries.size(), newTerm);
  }

  /** The leader, or {@link QuorumStatus#NO_LEADER}. */
  public int leader() {
    return leader;
  }

  public long term() {
    return term;
  }

  private void append(Entry entry) {
    entries.add(entry);
    int end = entries.size();
    nodes.values().forEach(node -> node.applySoon(end));
  }

  private boolean chance(int perMille) {
    return random.nextInt(1_000) < perMille;
  }

  private void later(Runnable event) {
    network.schedule(event, random.nextLong(weather.minDelayNanos, weather.maxDelayNanos + 1));
  }

  private final class Node implements MetadataLog {
    private final int id;
    private final AppliedLog applied = new AppliedLog(1_000);
    private final Map<Integer, CompletableFuture<KvResult>> waiting = new HashMap<>();
    private final List<Proposal> inFlight = new ArrayList<>();
    private int appliedEntries;
    private int readyIndex;
    private long readyTerm;
    private boolean crashed;

    Node(int id) {
      this.id = id;
    }

    @Override
    public CompletableFuture<KvResult> propose(KvCommand command) {
      CompletableFuture<KvResult> answer = new CompletableFuture<>();
      if (id != leader || crashed) {
        answer.completeExceptionally(
            new NotLeaderException("node " + id + " does not lead", leader));
        return answer;
      }
      Proposal proposal =
          new Proposal(new Entry(term, KvBatch.newBuilder().addCommands(command).build()), answer);
      inFlight.add(proposal);
      later(() -> agree(proposal));
      return answer;
    }

    private void agree(Proposal proposal) {
      if (!inFlight.remove(proposal)) {
        return; // settled when the leader was overtaken
      }
      if (chance(weather.lostAnswers)) {
        later(
            () ->
                proposal.answer.completeExceptionally(
                    new OutcomeUnknownException("answer lost", null)));
      } else {
        waiting.put(entries.size(), proposal.answer);
      }
      append(proposal.entry);
      if (chance(weather.doubledEntries)) {
        append(proposal.entry);
      }
    }

    /** Another node leads: what is in flight is agreed upon under its old term, or lost. */
    void overtaken() {
      for (Proposal proposal : inFlight) {
        if (random.nextBoolean()) {
          append(proposal.entry);
        }
        later(
            () ->
                proposal.answer.completeExceptionally(
                    new OutcomeUnknownException("leadership lost", null)));
      }
      inFlight.clear();
    }

    void readyAt(int index, long ofTerm) {
      readyIndex = index;
      readyTerm = ofTerm;
      applySoon(index);
    }

    void applySoon(int end) {
      later(() -> applyUpTo(end));
    }

    private void applyUpTo(int end) {
      while (!crashed && appliedEntries < end) {
        Entry entry = entries.get(appliedEntries);
        KvBatchResult results = applied.apply(entry.term, entry.batch);
        CompletableFuture<KvResult> answer = waiting.remove(appliedEntries);
        appliedEntries++;
        if (answer != null) {
          answer.complete(results.getResults(0));
        }
      }
      if (readyTerm != 0
          && appliedEntries >= readyIndex
          && readyTerm == term
          && leader == id
          && !crashed) {
        long ready = readyTerm;
        readyTerm = 0;
        applied.leaderReady(ready);
      }
    }

    @Override
    public Subscription subscribe(long afterRevision, MetadataLogListener listener) {
      return applied.subscribe(afterRevision, listener);
    }

    @Override
    public KvView view() {
      return applied.view();
    }

    @Override
    public CompletableFuture<KvView> latestView() {
      return leader == QuorumStatus.NO_LEADER
          ? CompletableFuture.failedFuture(new NotLeaderException("no leader", leader))
          : CompletableFuture.completedFuture(applied.view());
    }

    @Override
    public QuorumStatus status() {
      boolean ready = leader == id && readyTerm == 0;
      return new QuorumStatus(
          id,
          leader,
          ready,
          term,
          entries.size(),
          appliedEntries,
          applied.view().revision(),
          List.of());
    }
  }

  private record Proposal(Entry entry, CompletableFuture<KvResult> answer) {}
}
