package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.BrokerInfo;
import io.millrace.client.ClusterDescription;
import io.millrace.client.LogDirectory;
import io.millrace.client.PartitionDescription;
import io.millrace.client.QuorumDescription;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import io.millrace.tools.output.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace cluster status}: is it well, and if not, where not. */
@Command(
    name = "status",
    description = "Shows the quorum, the brokers, and partitions that are not as they should be.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace cluster status",
      "  millrace cluster status --json | jq .leaderless",
      "",
      "Exits with 0 when every partition has a leader and all its replicas in sync and no disk is out of service,",
      "with 4 when not."
    })
final class ClusterStatusCommand implements Callable<Integer> {

  private static final int PARTITIONS_SHOWN = 20;
  private static final long DISKS_WAIT_MS = 3_000;

  @Mixin private ClusterOptions cluster;
  @Mixin private Console console;

  @Option(
      names = "--all",
      description = "Lists every troubled partition, not only the first " + PARTITIONS_SHOWN + ".")
  private boolean all;

  /** A partition that lacks something. */
  private record Troubled(String topic, PartitionDescription partition) {
    String state() {
      return partition.hasLeader() ? "under-replicated" : "no leader";
    }
  }

  @Override
  public Integer call() {
    try (Admin admin = cluster.admin()) {
      ClusterDescription description = cluster.await(admin.describeCluster());
      QuorumDescription quorum = cluster.await(admin.describeQuorum());
      List<TopicDescription> topics = describeAll(admin);
      List<Troubled> leaderless = new ArrayList<>();
      List<Troubled> underReplicated = new ArrayList<>();
      DiskReport disks = disks(admin, description);
      Map<Integer, Load> loads = new TreeMap<>();
      int partitions = 0;
      for (TopicDescription topic : topics) {
        for (PartitionDescription partition : topic.partitions()) {
          partitions++;
          count(loads, partition);
          if (!partition.hasLeader()) {
            leaderless.add(new Troubled(topic.name(), partition));
          } else if (partition.isUnderReplicated()) {
            underReplicated.add(new Troubled(topic.name(), partition));
          }
        }
      }
      if (console.json()) {
        console.printJson(
            json(
                description,
                quorum,
                disks,
                loads,
                topics.size(),
                partitions,
                leaderless,
                underReplicated));
      } else {
        print(
            description,
            quorum,
            disks,
            loads,
            topics.size(),
            partitions,
            leaderless,
            underReplicated);
      }
      boolean well =
          leaderless.isEmpty()
              && underReplicated.isEmpty()
              && description.brokers().stream().noneMatch(BrokerInfo::fenced)
              && disks.allWell();
      return well ? ExitCode.OK : ExitCode.NOT_HEALTHY;
    }
  }

  /** The directories of the brokers that tell of them soon; a broker that hangs hides no other. */
  private DiskReport disks(Admin admin, ClusterDescription description) {
    Map<Integer, List<LogDirectory>> disks = new TreeMap<>();
    admin
        .describeLogDirectories(
            description.brokers().stream()
                .filter(broker -> !broker.fenced())
                .map(BrokerInfo::id)
                .toList())
        .forEach(
            (broker, answer) ->
                disks.put(
                    broker,
                    cluster.await(
                        answer
                            .completeOnTimeout(List.of(), DISKS_WAIT_MS, TimeUnit.MILLISECONDS)
                            .exceptionally(failure -> List.of()))));
    return new DiskReport(disks);
  }

  private List<TopicDescription> describeAll(Admin admin) {
    List<String> names =
        cluster.await(admin.listTopics()).stream().map(TopicListing::name).sorted().toList();
    Map<String, CompletableFuture<TopicDescription>> answers =
        names.isEmpty() ? Map.of() : admin.describeTopics(names);
    return names.stream().map(answers::get).map(cluster::await).toList();
  }

  /** How much a broker carries. */
  private record Load(int leaders, int replicas) {
    Load plus(Load other) {
      return new Load(leaders + other.leaders, replicas + other.replicas);
    }
  }

  private static void count(Map<Integer, Load> loads, PartitionDescription partition) {
    for (int replica : partition.replicas()) {
      loads.merge(replica, new Load(replica == partition.leader() ? 1 : 0, 1), Load::plus);
    }
  }

  private void print(
      ClusterDescription description,
      QuorumDescription quorum,
      DiskReport disks,
      Map<Integer, Load> loads,
      int topics,
      int partitions,
      List<Troubled> leaderless,
      List<Troubled> underReplicated) {
    console.say(
        "Cluster "
            + description.clusterId()
            + ", controller "
            + name(quorum.leaderId())
            + ", term "
            + quorum.leaderEpoch());
    console.say("");
    Table voters = new Table(">VOTER", "ROLE", ">LAST INDEX", ">LAG");
    for (QuorumDescription.Replica voter : quorum.voters()) {
      voters.row(
          voter.id(),
          voter.id() == quorum.leaderId() ? "leader" : "follower",
          voter.logEndOffset() < 0 ? "unknown" : voter.logEndOffset(),
          voter.logEndOffset() < 0 ? "unknown" : lag(quorum, voter));
    }
    console.print(voters);
    console.say("");
    Table brokers =
        new Table(">BROKER", "ADDRESS", "RACK", "STATE", "DISKS", ">LEADERS", ">REPLICAS");
    for (BrokerInfo broker : description.brokers()) {
      Load load = loads.getOrDefault(broker.id(), new Load(0, 0));
      brokers.row(
          broker.id(),
          broker.host() + ":" + broker.port(),
          broker.rack() == null ? "-" : broker.rack(),
          broker.fenced() ? "fenced" : "alive",
          disks.of(broker.id()),
          load.leaders(),
          load.replicas());
    }
    console.print(brokers);
    disks.advice().forEach(console::say);
    console.say("");
    console.say(
        topics
            + (topics == 1 ? " topic, " : " topics, ")
            + partitions
            + (partitions == 1 ? " partition: " : " partitions: ")
            + leaderless.size()
            + " without a leader, "
            + underReplicated.size()
            + " under-replicated");
    List<Troubled> troubled = new ArrayList<>(leaderless);
    troubled.addAll(underReplicated);
    if (!troubled.isEmpty()) {
      Table table =
          new Table("TOPIC", ">PARTITION", "STATE", ">LEADER", "REPLICAS", "IN SYNC", "OFFLINE");
      int shown = all ? troubled.size() : Math.min(troubled.size(), PARTITIONS_SHOWN);
      for (Troubled one : troubled.subList(0, shown)) {
        table.row(
            one.topic(),
            one.partition().partition(),
            one.state(),
            name(one.partition().leader()),
            one.partition().replicas(),
            one.partition().inSyncReplicas(),
            one.partition().offlineReplicas());
      }
      console.print(table);
      if (shown < troubled.size()) {
        console.say("and " + (troubled.size() - shown) + " more; --all lists them");
      }
    }
  }

  private static String name(int node) {
    return node < 0 ? "none" : Integer.toString(node);
  }

  private static long lag(QuorumDescription quorum, QuorumDescription.Replica voter) {
    long leaderEnd =
        quorum.voters().stream()
            .filter(other -> other.id() == quorum.leaderId())
            .mapToLong(QuorumDescription.Replica::logEndOffset)
            .findFirst()
            .orElse(quorum.highWatermark());
    return Math.max(0, leaderEnd - voter.logEndOffset());
  }

  private static Map<String, Object> json(
      ClusterDescription description,
      QuorumDescription quorum,
      DiskReport disks,
      Map<Integer, Load> loads,
      int topics,
      int partitions,
      List<Troubled> leaderless,
      List<Troubled> underReplicated) {
    Map<String, Object> status = new LinkedHashMap<>();
    status.put("clusterId", description.clusterId());
    status.put("controller", quorum.leaderId());
    status.put("term", quorum.leaderEpoch());
    List<Map<String, Object>> voters = new ArrayList<>();
    for (QuorumDescription.Replica voter : quorum.voters()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("id", voter.id());
      one.put("leader", voter.id() == quorum.leaderId());
      one.put("lastIndex", voter.logEndOffset());
      one.put("lag", lag(quorum, voter));
      voters.add(one);
    }
    status.put("voters", voters);
    List<Map<String, Object>> brokers = new ArrayList<>();
    for (BrokerInfo broker : description.brokers()) {
      Load load = loads.getOrDefault(broker.id(), new Load(0, 0));
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("id", broker.id());
      one.put("host", broker.host());
      one.put("port", broker.port());
      one.put("rack", broker.rack());
      one.put("fenced", broker.fenced());
      one.put("failedDirectories", disks.paths(broker.id(), false));
      one.put("fullDirectories", disks.paths(broker.id(), true));
      one.put("leaders", load.leaders());
      one.put("replicas", load.replicas());
      brokers.add(one);
    }
    status.put("brokers", brokers);
    status.put("topics", topics);
    status.put("partitions", partitions);
    status.put("leaderless", troubledJson(leaderless));
    status.put("underReplicated", troubledJson(underReplicated));
    return status;
  }

  private static List<Map<String, Object>> troubledJson(List<Troubled> troubled) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Troubled one : troubled) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("topic", one.topic());
      entry.put("partition", one.partition().partition());
      entry.put("leader", one.partition().leader());
      entry.put("replicas", one.partition().replicas());
      entry.put("inSyncReplicas", one.partition().inSyncReplicas());
      entry.put("offlineReplicas", one.partition().offlineReplicas());
      list.add(entry);
    }
    return list;
  }
}
