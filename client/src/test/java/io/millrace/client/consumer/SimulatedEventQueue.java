package io.millrace.client.consumer;

import io.millrace.client.simulated.ManualLoop;

/** A queue whose waiting lets the simulated time pass, for everybody. */
final class SimulatedEventQueue extends EventQueue {

  private final ManualLoop loop;

  SimulatedEventQueue(ManualLoop loop) {
    this.loop = loop;
  }

  @Override
  void await(long nanos) throws InterruptedException {
    loop.advanceWhile(() -> !hasNews(), nanos);
    super.await(0);
  }
}
