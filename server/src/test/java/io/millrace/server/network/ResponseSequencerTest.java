package io.millrace.server.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ApiKey;
import io.millrace.server.network.ResponseSequencer.Slot;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResponseSequencerTest {
  private final ResponseSequencer sequencer = new ResponseSequencer();
  private final List<Integer> sent = new ArrayList<>();

  private Slot open(int id) {
    return sequencer.open(
        new RequestContext(
            ApiKey.FETCH, (short) 4, false, id, null, "PLAINTEXT", new Peer("test", Runnable::run)),
        10,
        0);
  }

  private void drain() {
    sequencer.drain((slot, reply) -> sent.add(slot.context.correlationId()));
  }

  @Test
  void answerThatIsReadyEarly_waitsForThoseBeforeIt() {
    // given
    Slot first = open(1);
    Slot second = open(2);
    Slot third = open(3);

    // when
    sequencer.complete(third, Reply.NONE);
    sequencer.complete(second, Reply.NONE);
    drain();

    // then
    assertThat(sent).isEmpty();
    sequencer.complete(first, Reply.NONE);
    drain();
    assertThat(sent).containsExactly(1, 2, 3);
    assertThat(sequencer.size()).isZero();
  }

  @Test
  void closedConnection_givesBackEverySlot() {
    open(1);
    sequencer.complete(open(2), Reply.NONE);
    List<Integer> dropped = new ArrayList<>();

    sequencer.clear(slot -> dropped.add(slot.requestBytes));

    assertThat(dropped).containsExactly(10, 10);
  }
}
