package io.millrace.client;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;

/**
 * The newcomer's example that the README quotes; kept here so that it always compiles. Needs a
 * broker on port 9092, such as {@code ./millrace quickstart}.
 */
public final class ReadmeExample {

  private ReadmeExample() {}

  /** Creates a topic, sends a record, reads it back. */
  public static void main(String[] args) {
    String bootstrap = args.length > 0 ? args[0] : "localhost:9092";

    try (Admin admin = Admin.builder().bootstrapServers(bootstrap).build()) {
      admin.createTopic(NewTopic.of("greetings", 3, 1)).join();
    }

    try (Producer<String, String> producer =
        Producer.builder(Serializers.string(), Serializers.string())
            .bootstrapServers(bootstrap)
            .build()) {
      RecordMetadata where = producer.send(ProducerRecord.of("greetings", "en", "hello")).join();
      System.out.println("sent to " + where);
    }

    try (Consumer<String, String> consumer =
        Consumer.builder(Deserializers.string(), Deserializers.string())
            .bootstrapServers(bootstrap)
            .groupId("readers")
            .offsetReset(OffsetReset.EARLIEST)
            .build()) {
      consumer.subscribe(List.of("greetings"));
      for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(5))) {
        System.out.println(record.key() + " says " + record.value());
      }
    } // commits what was read, and leaves the group
  }

  /** Partitions in parallel, each in its order; what the handler has returned from is committed. */
  static void process(Consumer<String, String> consumer, ExecutorService threads) {
    consumer.subscribe(List.of("greetings"));
    Processing processing =
        consumer.process(
            threads, record -> System.out.println(record.key() + " says " + record.value()));
    processing.ended().join(); // until the handler throws, or somebody calls stop()
  }
}
