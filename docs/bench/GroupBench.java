import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Figures of consumer groups against any broker that speaks the Kafka protocol, with an unmodified kafka-clients. Each figure is one line
 * {@code figure NAME VALUE}, one for each run; {@code docs/bench/groups} makes rows of them.
 *
 * <p>Arguments: WORKLOAD BOOTSTRAP PIDS RUNS [PROTOCOL]; PIDS as {@code 1=PID,2=PID}, PROTOCOL {@code classic} or {@code consumer}.
 */
public final class GroupBench {

  private static final int PARTITIONS = 16;
  private static final int OFFSETS_PARTITIONS = 50;
  private static final String RUN = Long.toString(System.currentTimeMillis() % 1_000_000_000L, 36);

  private final String bootstrap;
  private final Map<Integer, Long> pids = new HashMap<>();
  private final int runs;
  private final String protocol;

  private GroupBench(String[] args) {
    bootstrap = args[1];
    for (String entry : args[2].split(",")) {
      pids.put(Integer.parseInt(entry.split("=")[0]), Long.parseLong(entry.split("=")[1]));
    }
    runs = Integer.parseInt(args[3]);
    protocol = args.length > 4 ? args[4] : "classic";
  }

  public static void main(String[] args) throws Exception {
    if (args[0].equals("member")) {
      member(args);
      return;
    }
    GroupBench bench = new GroupBench(args);
    switch (args[0]) {
      case "first-record" -> bench.firstRecord();
      case "member-killed" -> bench.memberKilled();
      case "rolling" -> bench.rolling();
      case "failover" -> bench.failover();
      case "commits" -> bench.commits();
      default -> throw new IllegalArgumentException("no workload " + args[0]);
    }
    System.exit(0);
  }

  private static void figure(String name, double value) {
    System.out.printf(Locale.ROOT, "figure %s %.4f%n", name, value);
  }

  private static double seconds(long nanos) {
    return nanos / 1e9;
  }

  // From subscribe to the first record, of the first member of a group that never was.

  private void firstRecord() throws Exception {
    String topic = topic("first", 6);
    try (KafkaProducer<byte[], byte[]> producer = producer()) {
      for (int i = 0; i < 600; i++) {
        producer.send(new ProducerRecord<>(topic, i % 6, null, new byte[100]));
      }
      producer.flush();
    }
    int warmups = 3;
    for (int poll : new int[] {100, 10}) {
      for (int run = -warmups; run < runs; run++) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer("first-" + RUN + "-" + protocol + poll + (run + warmups))) {
          long began = System.nanoTime();
          consumer.subscribe(List.of(topic));
          while (consumer.poll(Duration.ofMillis(poll)).isEmpty()) {
            if (System.nanoTime() - began > 60e9) {
              throw new IllegalStateException("no record within a minute");
            }
          }
          if (run >= 0) {
            figure((poll == 100 ? "first-record-" : "first-record-brisk-") + protocol, seconds(System.nanoTime() - began));
          }
        }
      }
    }
  }

  // From kill -9 of one of two members to a record of each of its partitions read by the other.

  private void memberKilled() throws Exception {
    String topic = topic("killed", PARTITIONS);
    try (Load load = new Load(topic, PARTITIONS, 20)) {
      for (int run = 0; run < runs; run++) {
        String group = "killed-" + RUN + "-" + protocol + run;
        Reads reads = new Reads(PARTITIONS);
        try (Member survivor = new Member(group, topic, reads)) {
          reads.await(0, System.nanoTime(), 60, "before the victim joins");
          Process victim =
              new ProcessBuilder(
                      Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                      "-XX:TieredStopAtLevel=1", "-Xmx128m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
                      "-cp", System.getProperty("java.class.path"),
                      "GroupBench", "member", bootstrap, group, topic, protocol)
                  .redirectError(ProcessBuilder.Redirect.DISCARD)
                  .start();
          try (var lines = victim.inputReader()) {
            String line = lines.readLine();
            while (line != null && !line.startsWith("reading")) {
              line = lines.readLine();
            }
            survivor.awaitHeld(PARTITIONS / 2);
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(2));
            victim.destroyForcibly();
            victim.waitFor();
            long killed = System.nanoTime();
            long again = reads.await(killed, killed, 120, "after the kill");
            figure("member-killed-" + protocol, seconds(again - killed));
          }
        }
      }
    }
  }

  /** The victim: reads until it is killed, and says when it has partitions. */
  private static void member(String[] args) throws Exception {
    GroupBench bench = new GroupBench(new String[] {"", args[1], "0=0", "0", args[4]});
    try (KafkaConsumer<byte[], byte[]> consumer = bench.consumer(args[2])) {
      consumer.subscribe(List.of(args[3]));
      boolean told = false;
      while (true) {
        boolean some = !consumer.poll(Duration.ofMillis(100)).isEmpty();
        if (some && !told) {
          told = true;
          System.out.println("reading");
        }
      }
    }
  }

  // A rolling restart of eight members: each leaves, comes back, and half a second later the next.

  private void rolling() throws Exception {
    String topic = topic("rolling", PARTITIONS);
    try (Load load = new Load(topic, PARTITIONS, 50)) {
      for (int run = 0; run < runs; run++) {
        String group = "rolling-" + RUN + "-" + protocol + run;
        Reads reads = new Reads(PARTITIONS);
        List<Member> members = new ArrayList<>();
        Spectator spectator = new Spectator(topic, reads);
        for (int i = 0; i < 8; i++) {
          members.add(new Member(group, topic, reads));
        }
        for (Member member : members) {
          member.awaitHeld(1);
        }
        LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(2));
        reads.restart();
        long began = System.nanoTime();
        for (int i = 0; i < 8; i++) {
          members.get(i).close();
          Member again = new Member(group, topic, reads);
          members.set(i, again);
          again.awaitReading();
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));
        }
        reads.await(System.nanoTime(), System.nanoTime(), 60, "at the end");
        figure("rolling-nobody-" + protocol, seconds(reads.stopped()));
        figure("rolling-partition-" + protocol, seconds(reads.meanStopped()));
        figure("rolling-worst-" + protocol, seconds(reads.longest()));
        figure("rolling-whole-" + protocol, seconds(System.nanoTime() - began));
        for (Member member : members) {
          member.close();
        }
        spectator.close();
      }
    }
  }

  // kill -9 of the coordinator of 100,000 committed offsets, to the first of them told again.

  private void failover() throws Exception {
    String topic = topic("failover", 100);
    try (Admin admin = admin(30_000)) {
      List<String> groups = groupsOfOnePartition("failover-" + RUN, 1000);
      long began = System.nanoTime();
      for (long offset = 1; offset <= 3; offset++) {
        commitAll(admin, groups, topic, offset);
      }
      System.err.printf("300,000 commits in %.1f s%n", seconds(System.nanoTime() - began));
      String asked = groups.get(groups.size() / 2);
      TopicPartition partition = new TopicPartition(topic, 7);
      int coordinator = admin.describeConsumerGroups(List.of(asked)).describedGroups().get(asked).get().coordinator().id();
      try (Admin probe = admin(60_000)) {
        probe.listConsumerGroupOffsets(asked).partitionsToOffsetAndMetadata().get();
        ProcessHandle victim = ProcessHandle.of(pids.get(coordinator)).orElseThrow();
        victim.destroyForcibly();
        victim.onExit().get(10, TimeUnit.SECONDS);
        long killed = System.nanoTime();
        OffsetAndMetadata told = null;
        while (told == null) {
          try {
            told = probe.listConsumerGroupOffsets(asked).partitionsToOffsetAndMetadata().get().get(partition);
          } catch (java.util.concurrent.ExecutionException e) {
            if (System.nanoTime() - killed > 120e9) {
              throw e;
            }
          }
        }
        figure("failover-offsets", seconds(System.nanoTime() - killed));
        int wrong = 0;
        for (String group : groups) {
          Map<TopicPartition, OffsetAndMetadata> all = probe.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
          wrong += all.size() == 100 && all.values().stream().allMatch(o -> o.offset() == 3) ? 0 : 1;
        }
        figure("failover-groups-wrong", wrong);
      }
    }
  }

  private static void commitAll(Admin admin, List<String> groups, String topic, long offset) throws Exception {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (int p = 0; p < 100; p++) {
      offsets.put(new TopicPartition(topic, p), new OffsetAndMetadata(offset));
    }
    for (int from = 0; from < groups.size(); from += 50) {
      List<org.apache.kafka.common.KafkaFuture<Void>> answers = new ArrayList<>();
      for (String group : groups.subList(from, from + 50)) {
        answers.add(admin.alterConsumerGroupOffsets(group, offsets).all());
      }
      for (var answer : answers) {
        answer.get();
      }
    }
  }

  private static int shard(String group) {
    return (group.hashCode() & Integer.MAX_VALUE) % OFFSETS_PARTITIONS;
  }

  private static List<String> groupsOfOnePartition(String prefix, int count) {
    List<String> groups = new ArrayList<>();
    for (int i = 0; groups.size() < count; i++) {
      String name = prefix + "-" + i;
      if (groups.isEmpty() || shard(name) == shard(groups.get(0))) {
        groups.add(name);
      }
    }
    return groups;
  }

  // Sixteen groups that commit one offset after another as fast as they are answered.

  private void commits() throws Exception {
    String topic = topic("commits", PARTITIONS);
    int groups = 16;
    AtomicLong done = new AtomicLong();
    CountDownLatch ready = new CountDownLatch(groups);
    for (int i = 0; i < groups; i++) {
      TopicPartition partition = new TopicPartition(topic, i % PARTITIONS);
      String group = "commits-" + RUN + "-" + i;
      Thread thread =
          new Thread(
              () -> {
                try (KafkaConsumer<byte[], byte[]> consumer = consumer(group)) {
                  consumer.assign(List.of(partition));
                  long offset = 0;
                  consumer.commitSync(Map.of(partition, new OffsetAndMetadata(offset)));
                  ready.countDown();
                  while (true) {
                    consumer.commitSync(Map.of(partition, new OffsetAndMetadata(++offset)));
                    done.incrementAndGet();
                  }
                }
              });
      thread.setDaemon(true);
      thread.start();
    }
    ready.await();
    LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(8));
    for (int run = 0; run < runs; run++) {
      long before = done.get();
      double cpu = cpu();
      long began = System.nanoTime();
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(6));
      double wall = seconds(System.nanoTime() - began);
      long commits = done.get() - before;
      figure("commits-per-second", commits / wall);
      figure("commits-cpu-per-million", (cpu() - cpu) / commits * 1e6);
    }
  }

  /** CPU seconds of all brokers. */
  private double cpu() throws Exception {
    double sum = 0;
    for (long pid : pids.values()) {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      sum += (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
    }
    return sum;
  }

  // What the workloads share.

  private Properties common() {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    return properties;
  }

  private Admin admin(int timeoutMs) {
    Properties properties = common();
    properties.put("default.api.timeout.ms", Integer.toString(timeoutMs));
    properties.put("request.timeout.ms", Integer.toString(Math.min(timeoutMs, 10_000)));
    return Admin.create(properties);
  }

  private String topic(String name, int partitions) throws Exception {
    String topic = name + "-" + RUN;
    try (Admin admin = admin(60_000)) {
      int brokers = admin.describeCluster().nodes().get().size();
      admin.createTopics(List.of(new NewTopic(topic, partitions, (short) Math.min(3, brokers)))).all().get();
    }
    try (KafkaProducer<byte[], byte[]> producer = producer()) {
      for (int p = 0; p < partitions; p++) {
        producer.send(new ProducerRecord<>(topic, p, null, new byte[1]));
      }
      producer.flush();
    }
    return topic;
  }

  private KafkaProducer<byte[], byte[]> producer() {
    Properties properties = common();
    properties.put("linger.ms", "0");
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** The client's defaults but for the session, which must be the same on every broker. */
  private KafkaConsumer<byte[], byte[]> consumer(String group) {
    Properties properties = common();
    properties.put("group.id", group);
    properties.put("auto.offset.reset", "earliest");
    if (protocol.equals("consumer")) {
      properties.put("group.protocol", "consumer");
    } else {
      properties.put("session.timeout.ms", "10000");
      properties.put("heartbeat.interval.ms", "3000");
      if (protocol.equals("cooperative")) {
        properties.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
      }
    }
    return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** A steady stream of records into every partition. */
  private final class Load implements AutoCloseable {
    private volatile boolean stopped;
    private final Thread thread;

    Load(String topic, int partitions, int perSecondAndPartition) {
      thread =
          new Thread(
              () -> {
                try (KafkaProducer<byte[], byte[]> producer = producer()) {
                  long began = System.nanoTime();
                  for (long round = 0; !stopped; round++) {
                    for (int p = 0; p < partitions; p++) {
                      producer.send(new ProducerRecord<>(topic, p, null, new byte[100]));
                    }
                    LockSupport.parkNanos(began + (round + 1) * 1_000_000_000L / perSecondAndPartition - System.nanoTime());
                  }
                }
              });
      thread.setDaemon(true);
      thread.start();
    }

    @Override
    public void close() throws InterruptedException {
      stopped = true;
      thread.join(10_000);
    }
  }

  /** Reads everything outside of the group, and so knows what there is to read. */
  private final class Spectator implements AutoCloseable {
    private volatile boolean stopped;
    private final Thread thread;

    Spectator(String topic, Reads reads) {
      thread =
          new Thread(
              () -> {
                try (KafkaConsumer<byte[], byte[]> consumer = consumer("spectator-" + RUN)) {
                  List<TopicPartition> all = consumer.partitionsFor(topic).stream().map(p -> new TopicPartition(topic, p.partition())).toList();
                  consumer.assign(all);
                  consumer.seekToEnd(all);
                  while (!stopped) {
                    reads.there(consumer.poll(Duration.ofMillis(100)));
                  }
                }
              });
      thread.setDaemon(true);
      thread.start();
    }

    @Override
    public void close() throws InterruptedException {
      stopped = true;
      thread.join();
    }
  }

  /** A member on a thread of its own. */
  private final class Member implements AutoCloseable {
    private final Thread thread;
    private final Reads reads;
    private final java.util.Set<TopicPartition> held = ConcurrentHashMap.newKeySet();
    private volatile boolean reading;
    private volatile boolean stopped;

    Member(String group, String topic, Reads reads) {
      this.reads = reads;
      thread = new Thread(() -> run(group, topic));
      thread.setDaemon(true);
      thread.start();
    }

    private void run(String group, String topic) {
      try (KafkaConsumer<byte[], byte[]> consumer = consumer(group)) {
        consumer.subscribe(
            List.of(topic),
            new ConsumerRebalanceListener() {
              @Override
              public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                held.addAll(partitions);
              }

              @Override
              public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                held.removeAll(partitions);
              }
            });
        while (!stopped) {
          ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(100));
          if (!records.isEmpty()) {
            reading = true;
            reads.read(records);
          }
        }
      }
    }

    void awaitHeld(int partitions) {
      await(() -> held.size() >= partitions && held.size() <= Math.max(partitions, 2));
    }

    void awaitReading() {
      await(() -> reading);
    }

    private void await(java.util.function.BooleanSupplier condition) {
      long began = System.nanoTime();
      while (!condition.getAsBoolean()) {
        if (System.nanoTime() - began > 180e9) {
          throw new IllegalStateException("a member holds " + held);
        }
        LockSupport.parkNanos(1_000_000);
      }
    }

    @Override
    public void close() throws InterruptedException {
      stopped = true;
      thread.join();
    }
  }
}
