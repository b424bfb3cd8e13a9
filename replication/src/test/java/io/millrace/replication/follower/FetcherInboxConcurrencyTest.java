package io.millrace.replication.follower;

import static io.millrace.concurrent.Interleavings.check;

import io.millrace.concurrent.Interleavings;
import io.millrace.concurrent.QueueLoop;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/** Each message is taken once on the loop, or dropped once when the fetcher has ended. */
class FetcherInboxConcurrencyTest {

  private static final class Hand {
    final QueueLoop loop = new QueueLoop();
    final ConcurrentLinkedQueue<String> taken = new ConcurrentLinkedQueue<>();
    final ConcurrentLinkedQueue<String> dropped = new ConcurrentLinkedQueue<>();
    final FetcherInbox inbox = new FetcherInbox(loop, () -> {});

    void offer(String name) {
      inbox.offer(
          new FetcherInbox.Message() {
            @Override
            public void take() {
              taken.add(name);
            }

            @Override
            public void drop() {
              dropped.add(name);
            }
          });
    }
  }

  @Test
  void offer_fromTwoThreads_neverSleepsInTheQueue() {
    Interleavings.explore(
        100,
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
          String taken = String.join("", hand.taken);
          check(taken.length() == 3, "taken " + taken);
          check(taken.indexOf('a') < taken.indexOf('b'), "out of order: " + taken);
        });
  }

  @Test
  void offer_whileTheFetcherEnds_isTakenOrDroppedOnce() {
    Interleavings.explore(
        100,
        () -> {
          Hand hand = Interleavings.shared(new Hand());
          Interleavings.inParallel(
              () -> hand.offer("a"),
              () -> hand.offer("b"),
              () -> {
                hand.loop.runAll();
                hand.inbox.end();
              });
          hand.loop.runAll();
          int ended = hand.taken.size() + hand.dropped.size();
          check(ended == 2, "taken " + hand.taken + " dropped " + hand.dropped);
        });
  }
}
