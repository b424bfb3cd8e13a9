package io.millrace.metadata.publish;

import static io.millrace.concurrent.Interleavings.check;

import io.millrace.concurrent.Interleavings;
import org.junit.jupiter.api.Test;

/** Whoever asks for the lease sees one moment of it. */
class BrokerLeaseConcurrencyTest {

  private static final long LEASE = 66;

  @Test
  void isValid_whileALateAnswerTellsOfTheFence_isFalse() {
    Interleavings.explore(
        300,
        () -> {
          BrokerLease lease = Interleavings.shared(new BrokerLease(LEASE));
          lease.registered(1, 0);
          lease.confirmed(false, 0);
          Interleavings.inParallel(
              () -> lease.confirmed(true, 80),
              () -> check(!lease.isValid(90), "the lease ended at 66, and then came the fence"));
        });
  }

  @Test
  void isValid_whileItRegistersAgain_isFalse() {
    Interleavings.explore(
        300,
        () -> {
          BrokerLease lease = Interleavings.shared(new BrokerLease(LEASE));
          lease.registered(1, 0);
          lease.confirmed(false, 0);
          Interleavings.inParallel(
              () -> {
                lease.lost();
                lease.registered(2, 80);
              },
              () -> check(!lease.isValid(90), "epoch 1 has ended and epoch 2 is fenced"));
          check(lease.epoch() == 2 && lease.isFenced(), "registered and fenced");
        });
  }
}
