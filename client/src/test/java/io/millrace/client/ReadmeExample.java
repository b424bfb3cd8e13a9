package io.millrace.client;

import java.time.Duration;
import java.util.List;

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
            .offsetReset(OffsetReset.EARLIEST)
            .build()) {
      consumer.assign(
          List.of(
              new TopicPartition("greetings", 0),
              new TopicPartition("greetings", 1),
              new TopicPartition("greetings", 2)));
      for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(5))) {
        System.out.println(record.key() + " says " + record.value());
      }
    }
  }
}
