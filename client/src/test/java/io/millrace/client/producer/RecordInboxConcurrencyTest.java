package io.millrace.client.producer;

import static io.millrace.concurrent.Interleavings.check;

import io.millrace.concurrent.Interleavings;
import io.millrace.concurrent.QueueLoop;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/** Each record comes out once: at the receiver, or refused when the producer has ended. */
class RecordInboxConcurrencyTest {

  private static final class Hand {
    final QueueLoop loop = new QueueLoop();
    final ConcurrentLinkedQueue<String> received = new ConcurrentLinkedQueue<>();
    final ConcurrentLinkedQueue<String> refused = new ConcurrentLinkedQueue<>();
    final RecordInbox inbox =
        new RecordInbox(
            loop,
            record -> received.add(record.topic),
            () -> {},
            record -> refused.add(record.topic));

    void offer(String topic) {
      inbox.offer(new PendingRecord(topic, 0, 0, null, null, List.of(), 1, 0, null));
    }

    void end() {
      inbox.end();
      loop.close();
      loop.runAll();
    }
  }

  @Test
  void offer_fromTwoThreads_neverSleepsInTheQueue() {
    Interleavings.explore(
        800,
        () -> {
          Hand hand = Interleavings.shared(new Hand());
          Interleavings.inParallel(
              () -> {
                hand.offer("a");
                hand.offer("b");
              },
              () -> hand.offer("c"),
              hand.loop::runAll);
          hand.loop.runAll();
          String received = String.join("", hand.received);
          check(received.length() == 3, "received " + received);
          check(received.indexOf('a') < received.indexOf('b'), "out of order: " + received);
        });
  }

  @Test
  void offer_whileTheProducerEnds_comesOutOnce() {
    Interleavings.explore(
        800,
        () -> {
          Hand hand = Interleavings.shared(new Hand());
          Interleavings.inParallel(
              () -> hand.offer("a"),
              () -> hand.offer("b"),
              () -> {
                hand.loop.runAll();
                hand.end();
              });
          int ended = hand.received.size() + hand.refused.size();
          check(ended == 2, "received " + hand.received + " refused " + hand.refused);
        });
  }

  @Test
  void takeAll_whileOthersOffer_missesNothing() {
    Interleavings.explore(
        800,
        () -> {
          Hand hand = Interleavings.shared(new Hand());
          Interleavings.inParallel(
              () -> hand.offer("a"),
              () -> hand.offer("b"),
              () -> {
                hand.inbox.takeAll();
                hand.loop.runAll();
              });
          hand.loop.runAll();
          check(hand.received.size() == 2, "received " + hand.received);
        });
  }
}
