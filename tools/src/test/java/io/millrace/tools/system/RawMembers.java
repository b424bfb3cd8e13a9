package io.millrace.tools.system;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.protocol.message.FindCoordinatorRequest;
import io.millrace.protocol.message.FindCoordinatorResponse;
import io.millrace.protocol.network.Connection;
import io.millrace.protocol.network.ConnectionConfig;
import io.millrace.protocol.network.NetworkLoops;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Very many members under the protocol of KIP-848, each no more than its heartbeats, over a few
 * connections. They own what they were given until they have given it up in a heartbeat, and nobody
 * else may be given it meanwhile. All state belongs to one thread, the driver.
 */
final class RawMembers implements AutoCloseable {

  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final long RETRY_MS = 100;
  private static final int GROUP = 0;

  /** Runs on the driver. */
  final class Member {
    private final String group;
    private final String id;
    private final String topic;
    private final Set<Integer> owned = new HashSet<>();
    private int epoch;
    private boolean introduced;
    private boolean dead;
    private int fenced;
    private long beats;

    private Member(String group, String id, String topic) {
      this.group = group;
      this.id = id;
      this.topic = topic;
    }

    private void beat(boolean ownedChanged) {
      if (dead) {
        return;
      }
      ConsumerGroupHeartbeatRequest.Builder request =
          ConsumerGroupHeartbeatRequest.builder().groupId(group).memberId(id).memberEpoch(epoch);
      boolean all = !introduced;
      if (all) {
        request.rebalanceTimeoutMs(30_000).subscribedTopicNames(List.of(topic));
      } else {
        request.rebalanceTimeoutMs(-1).subscribedTopicNames(null);
      }
      request.topicPartitions(all || ownedChanged ? ownedByTopic() : null);
      introduced = true;
      send(request.build());
    }

    private List<ConsumerGroupHeartbeatRequest.TopicPartitions> ownedByTopic() {
      Uuid topicId = topicIds.get(topic);
      return owned.isEmpty() || topicId == null
          ? List.of()
          : List.of(new ConsumerGroupHeartbeatRequest.TopicPartitions(topicId, List.copyOf(owned)));
    }

    private void send(ConsumerGroupHeartbeatRequest request) {
      connection(group)
          .thenCompose(to -> to.send(request, ConsumerGroupHeartbeatResponse.class, TIMEOUT))
          .whenCompleteAsync(this::answered, driver);
    }

    private void answered(
        @Nullable ConsumerGroupHeartbeatResponse response, @Nullable Throwable thrown) {
      if (response == null) {
        retry();
        return;
      }
      ErrorCode error = ErrorCode.forCode(response.errorCode());
      switch (error) {
        case NONE -> accept(response);
        case UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH -> {
          fenced++;
          owned.forEach(partition -> release(this, partition));
          owned.clear();
          epoch = 0;
          introduced = false;
          beat(true);
        }
        case NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS -> retry();
        default -> wrong.add(group + "/" + id + " was answered " + error + " " + response);
      }
    }

    /** After a failure a member tells everything again, as it cannot know what was heard. */
    private void retry() {
      introduced = false;
      coordinators.remove(group);
      driver.schedule(() -> beat(true), RETRY_MS, TimeUnit.MILLISECONDS);
    }

    private void accept(ConsumerGroupHeartbeatResponse response) {
      beats++;
      epoch = response.memberEpoch();
      ConsumerGroupHeartbeatResponse.@Nullable Assignment assignment = response.assignment();
      boolean changed = false;
      if (assignment != null) {
        Set<Integer> given = new HashSet<>();
        for (var partitions : assignment.topicPartitions()) {
          topicIds.put(topic, partitions.topicId());
          given.addAll(partitions.partitions());
        }
        changed = !given.equals(owned);
        for (int partition : List.copyOf(owned)) {
          if (!given.contains(partition)) {
            owned.remove(partition);
            release(this, partition);
          }
        }
        for (int partition : given) {
          if (owned.add(partition)) {
            take(this, partition);
          }
        }
      }
      boolean tell = changed;
      driver.schedule(
          () -> beat(tell),
          tell ? 0 : Math.max(100, response.heartbeatIntervalMs()),
          TimeUnit.MILLISECONDS);
    }
  }

  private final String bootstrapHost;
  private final List<Integer> bootstrapPorts;
  private final NetworkLoops loops = new NetworkLoops("raw-members", 1);
  private final ScheduledExecutorService driver =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "raw-members-driver");
            thread.setDaemon(true);
            return thread;
          });
  private final Map<String, Member> members = new TreeMap<>();
  private final Map<String, Member> owners = new HashMap<>();
  private final Map<String, Uuid> topicIds = new HashMap<>();
  private final Map<String, Integer> coordinators = new HashMap<>();
  private final Map<Integer, CompletableFuture<Connection>> connections = new HashMap<>();
  private final List<String> wrong = new ArrayList<>();
  private final List<Lookup> lookups = new ArrayList<>();
  private boolean looking;
  private int nextBootstrap;

  private record Lookup(String group, CompletableFuture<Integer> port) {}

  RawMembers(String bootstrap) {
    bootstrapHost = bootstrap.substring(0, bootstrap.indexOf(':'));
    bootstrapPorts =
        List.of(bootstrap.split(",")).stream()
            .map(one -> Integer.parseInt(one.substring(one.indexOf(':') + 1)))
            .toList();
  }

  /** Adds a member; it joins on its own. */
  void join(String group, String id, String topic) {
    driver.execute(
        () -> {
          Member member = new Member(group, id, topic);
          members.put(group + "/" + id, member);
          member.beat(true);
        });
  }

  /** The member says that it leaves. */
  void leave(String group, String id) {
    driver.execute(
        () -> {
          Member member = members.remove(group + "/" + id);
          if (member != null) {
            member.dead = true;
            member.owned.forEach(partition -> release(member, partition));
            member.send(
                ConsumerGroupHeartbeatRequest.builder()
                    .groupId(group)
                    .memberId(id)
                    .memberEpoch(-1)
                    .subscribedTopicNames(null)
                    .topicPartitions(null)
                    .build());
          }
        });
  }

  /** The member falls silent. */
  void die(String group, String id) {
    driver.execute(
        () -> {
          Member member = members.remove(group + "/" + id);
          if (member != null) {
            member.dead = true;
          }
        });
  }

  private void take(Member member, int partition) {
    Member before = owners.put(member.group + "/" + partition, member);
    if (before != null && before != member && !before.dead) {
      wrong.add(
          "partition "
              + partition
              + " was given to "
              + member.id
              + " while "
              + before.id
              + " had it");
    }
  }

  private void release(Member member, int partition) {
    owners.remove(member.group + "/" + partition, member);
  }

  /** How many partitions each living member of a group owns. */
  Map<String, Integer> owned(String group) {
    return onDriver(
        () ->
            members.values().stream()
                .filter(member -> member.group.equals(group))
                .collect(Collectors.toMap(member -> member.id, member -> member.owned.size())));
  }

  /** Heartbeats answered without error, by group and member. */
  Map<String, Long> beats() {
    return onDriver(
        () ->
            members.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().beats)));
  }

  /** Group and member of those that own nothing. */
  long idle() {
    return onDriver(() -> members.values().stream().filter(m -> m.owned.isEmpty()).count());
  }

  /** How often a member was told that it is none. */
  int fenced() {
    return onDriver(() -> members.values().stream().mapToInt(member -> member.fenced).sum());
  }

  /** What broke a rule. */
  List<String> wrong() {
    return onDriver(() -> List.copyOf(wrong));
  }

  private <T> T onDriver(Callable<T> question) {
    try {
      return driver.submit(question).get(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException | java.util.concurrent.TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }

  private CompletableFuture<Connection> connection(String group) {
    Integer port = coordinators.get(group);
    if (port != null) {
      return connect(port);
    }
    CompletableFuture<Integer> found = new CompletableFuture<>();
    lookups.add(new Lookup(group, found));
    if (!looking) {
      looking = true;
      driver.schedule(this::lookUp, 20, TimeUnit.MILLISECONDS);
    }
    return found.thenComposeAsync(this::connect, driver);
  }

  /** One request finds the coordinators of all groups that wait. */
  private void lookUp() {
    List<Lookup> waiting = List.copyOf(lookups);
    lookups.clear();
    looking = false;
    List<String> groups = waiting.stream().map(Lookup::group).distinct().toList();
    int port = bootstrapPorts.get(nextBootstrap++ % bootstrapPorts.size());
    connect(port)
        .thenCompose(
            to ->
                to.send(
                    FindCoordinatorRequest.builder()
                        .keyType((byte) GROUP)
                        .coordinatorKeys(groups)
                        .build(),
                    FindCoordinatorResponse.class,
                    TIMEOUT))
        .whenCompleteAsync(
            (response, thrown) -> {
              if (response != null) {
                for (var one : response.coordinators()) {
                  if (one.errorCode() == 0) {
                    coordinators.put(one.key(), one.port());
                  }
                }
              }
              for (Lookup lookup : waiting) {
                Integer known = coordinators.get(lookup.group());
                if (known != null) {
                  lookup.port().complete(known);
                } else {
                  lookup.port().completeExceptionally(new IllegalStateException("none known"));
                }
              }
            },
            driver);
  }

  private CompletableFuture<Connection> connect(int port) {
    CompletableFuture<Connection> existing = connections.get(port);
    if (existing != null
        && !existing.isCompletedExceptionally()
        && (!existing.isDone() || existing.join().isOpen())) {
      return existing;
    }
    CompletableFuture<Connection> fresh =
        Connection.connect(
            loops,
            bootstrapHost,
            port,
            ConnectionConfig.withClientId("raw-members").withMaxInFlight(5000));
    connections.put(port, fresh);
    return fresh;
  }

  @Override
  public void close() {
    driver.shutdownNow();
    loops.close();
  }
}
