package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.log.simulated.Batches;
import io.millrace.protocol.ErrorCode;
import org.junit.jupiter.api.Test;

final class ProducerSequenceTest {

  private static final long PRODUCER = 77;

  private static AppendResult send(LogFixture fixture, int epoch, int sequence, String... values) {
    return fixture.append(Batches.ofProducer(PRODUCER, epoch, sequence, 1, values));
  }

  @Test
  void repeatedBatch_isAnsweredWithItsOffsets() {
    LogFixture fixture = new LogFixture();
    send(fixture, 0, 0, "a", "b");
    send(fixture, 0, 2, "c");

    assertThat(send(fixture, 0, 0, "a", "b")).isEqualTo(new AppendResult.Duplicate(0, 1, -1, 0));
    assertThat(fixture.values()).containsExactly("a", "b", "c");
  }

  @Test
  void sixthBatchBack_isOutOfOrder() {
    LogFixture fixture = new LogFixture();
    for (int i = 0; i < 6; i++) {
      send(fixture, 0, i, "v" + i);
    }

    assertThat(send(fixture, 0, 1, "v1")).isInstanceOf(AppendResult.Duplicate.class);
    assertThat(send(fixture, 0, 0, "v0").error()).isEqualTo(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  }

  @Test
  void gapInTheSequence_isOutOfOrder() {
    LogFixture fixture = new LogFixture();
    send(fixture, 0, 0, "a");

    assertThat(send(fixture, 0, 2, "c").error()).isEqualTo(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  }

  @Test
  void unknownProducer_beginsAtZero() {
    LogFixture fixture = new LogFixture();

    assertThat(send(fixture, 3, 41, "second of two in flight").error())
        .isEqualTo(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    assertThat(send(fixture, 3, 0, "first").error()).isEqualTo(ErrorCode.NONE);
  }

  @Test
  void newEpoch_beginsAtZeroAndFencesTheOld() {
    LogFixture fixture = new LogFixture();
    send(fixture, 1, 0, "a");

    assertThat(send(fixture, 2, 5, "b").error()).isEqualTo(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    assertThat(send(fixture, 2, 0, "b").error()).isEqualTo(ErrorCode.NONE);
    assertThat(send(fixture, 1, 1, "c").error()).isEqualTo(ErrorCode.INVALID_PRODUCER_EPOCH);
  }

  @Test
  void sequenceWrapsToZero() {
    LogFixture fixture = new LogFixture();
    send(fixture, 0, Integer.MAX_VALUE - 1, "a", "b");

    assertThat(send(fixture, 0, 0, "c").error()).isEqualTo(ErrorCode.NONE);
  }

  @Test
  void stateSurvivesCleanStopKillAndLossOfPower() {
    LogFixture fixture = new LogFixture("segment.bytes", "200");
    for (int i = 0; i < 8; i++) {
      send(fixture, 0, i, "value-" + i);
    }

    fixture.stopAndReopen();
    assertThat(send(fixture, 0, 7, "value-7")).isEqualTo(new AppendResult.Duplicate(7, 7, -1, 0));
    fixture.killAndReopen();
    assertThat(send(fixture, 0, 6, "value-6")).isEqualTo(new AppendResult.Duplicate(6, 6, -1, 0));
    fixture.crashAndReopen();
    assertThat(send(fixture, 0, 5, "value-5")).isEqualTo(new AppendResult.Duplicate(5, 5, -1, 0));
    assertThat(send(fixture, 0, 9, "value-9").error())
        .isEqualTo(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    assertThat(send(fixture, 0, 8, "value-8")).isEqualTo(new AppendResult.Appended(8, 8, -1, 0));
  }

  @Test
  void truncation_forgetsWhatItCutAndKeepsTheRest() {
    LogFixture fixture = new LogFixture("segment.bytes", "200");
    for (int i = 0; i < 8; i++) {
      send(fixture, 0, i, "value-" + i);
    }

    fixture.log.truncateTo(5);

    assertThat(send(fixture, 0, 4, "value-4")).isEqualTo(new AppendResult.Duplicate(4, 4, -1, 0));
    assertThat(send(fixture, 0, 5, "other-5")).isEqualTo(new AppendResult.Appended(5, 5, -1, 0));
  }

  @Test
  void idleProducer_isForgottenAfterItsTime() {
    LogFixture fixture = new LogFixture();
    send(fixture, 0, 0, "a");

    fixture.clock.advanceMillis(fixture.managerConfig.producerIdExpirationMs() + 1);
    fixture.manager.retain();
    fixture.run();

    assertThat(send(fixture, 0, 1, "b").error()).isEqualTo(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    assertThat(send(fixture, 0, 0, "b").error()).isEqualTo(ErrorCode.NONE);
  }
}
