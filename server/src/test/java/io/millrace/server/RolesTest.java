package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.network.FreePorts;
import io.millrace.server.config.NodeConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that are only a voter or only a broker, started in the wrong order. */
class RolesTest {
  @TempDir Path directory;

  @Test
  void voterAndBrokersApart_makeOneCluster() throws Exception {
    // given: brokers wait for the voter
    List<Integer> ports = FreePorts.find(3);
    String voters = "9@localhost:" + ports.get(0);
    CompletableFuture<Node> first = Node.start(broker(1, ports.get(1), voters));
    CompletableFuture<Node> second = Node.start(broker(2, ports.get(2), voters));
    Properties controller = new Properties();
    controller.setProperty("node.id", "9");
    controller.setProperty("process.roles", "controller");
    controller.setProperty("listeners", "CONTROLLER://localhost:" + ports.get(0));
    controller.setProperty("controller.quorum.voters", voters);
    controller.setProperty("log.dirs", directory.resolve("voter").toString());

    // when
    Node voter = TestNodes.start(controller);
    Node one = TestNodes.await(first);
    Node two = TestNodes.await(second);

    // then
    Map<String, Object> client = Map.of("bootstrap.servers", "localhost:" + one.port());
    try (Admin admin = Admin.create(client);
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer())) {
      admin.createTopics(List.of(new NewTopic("t", 4, (short) 2))).all().get(20, TimeUnit.SECONDS);
      for (int i = 0; i < 40; i++) {
        assertThat(
                producer
                    .send(new ProducerRecord<>("t", i % 4, null, new byte[10]))
                    .get(20, TimeUnit.SECONDS)
                    .offset())
            .isEqualTo(i / 4);
      }
      assertThat(admin.describeCluster().nodes().get(20, TimeUnit.SECONDS)).hasSize(2);
    } finally {
      two.close();
      one.close();
      voter.close();
    }
  }

  private NodeConfig broker(int id, int port, String voters) {
    Properties properties = new Properties();
    properties.setProperty("node.id", Integer.toString(id));
    properties.setProperty("process.roles", "broker");
    properties.setProperty("listeners", "PLAINTEXT://localhost:" + port);
    properties.setProperty("controller.quorum.voters", voters);
    properties.setProperty("log.dirs", directory.resolve("broker-" + id).toString());
    return NodeConfig.from(properties);
  }
}
