package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.concurrent.Clock;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchRequest.FetchPartition;
import io.millrace.protocol.message.FetchRequest.FetchTopic;
import io.millrace.protocol.message.FetchRequest.ForgottenTopic;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

@NullUnmarked // a null where none may be fails the test
class FetchSessionsTest {
  private static final class TestClock implements Clock {
    long nanos;

    @Override
    public long monotonicNanos() {
      return nanos;
    }

    @Override
    public long wallMillis() {
      return 0;
    }
  }

  private final TestClock clock = new TestClock();
  private final FetchSessions sessions = new FetchSessions(2, clock, new SplittableRandom(1));

  private static FetchWish wish(int partition, long offset) {
    return new FetchWish("t", Uuid.ZERO, partition, -1, offset, -1, 100);
  }

  @Test
  void fullCache_makesNoSession_untilOneIsOld() {
    FetchSession first = sessions.create(false, false, List.of(wish(0, 0)));
    sessions.create(false, false, List.of(wish(0, 0)));

    assertThat(sessions.create(false, false, List.of(wish(0, 0)))).isNull();

    clock.nanos += TimeUnit.MINUTES.toNanos(3);
    assertThat(sessions.create(false, false, List.of(wish(0, 0)))).isNotNull();
    assertThat(sessions.size()).isEqualTo(2);
    assertThat(sessions.find(first.id()) == null || sessions.size() == 2).isTrue();
  }

  @Test
  void follower_takesAConsumersPlace() {
    sessions.create(false, false, List.of(wish(0, 0)));
    sessions.create(false, false, List.of(wish(0, 0)));

    FetchSession follower = sessions.create(false, true, List.of(wish(0, 0)));

    assertThat(follower).isNotNull();
    assertThat(sessions.size()).isEqualTo(2);
  }

  @Test
  void epochOutOfTurn_isRefused() {
    FetchSession session = sessions.create(false, false, List.of(wish(0, 0)));

    assertThat(session.advance(1, 0)).isTrue();
    assertThat(session.advance(1, 0)).isFalse();
    assertThat(session.advance(3, 0)).isFalse();
    assertThat(session.advance(2, 0)).isTrue();
  }

  @Test
  void update_changesAddsAndForgets() {
    FetchSession session = sessions.create(false, false, List.of(wish(0, 0), wish(1, 0)));
    FetchRequest request =
        FetchRequest.builder()
            .topics(
                List.of(
                    FetchTopic.builder()
                        .topic("t")
                        .partitions(
                            List.of(
                                FetchPartition.builder().partition(1).fetchOffset(7).build(),
                                FetchPartition.builder().partition(2).fetchOffset(9).build()))
                        .build()))
            .forgottenTopicsData(
                List.of(ForgottenTopic.builder().topic("t").partitions(List.of(0)).build()))
            .build();

    List<FetchWish> wishes = session.update(request);

    assertThat(wishes).extracting(FetchWish::partition).containsExactly(1, 2);
    assertThat(wishes).extracting(FetchWish::fetchOffset).containsExactly(7L, 9L);
  }

  @Test
  void partitionWithoutNews_isNotTold_andOneWithRecordsGoesBehind() {
    FetchSession session = sessions.create(false, false, List.of(wish(0, 0), wish(1, 0)));
    FetchWish.Key first = wish(0, 0).key();

    assertThat(session.tell(first, 5, 0, false, false, false)).isTrue();
    assertThat(session.tell(first, 5, 0, false, false, false)).isFalse();
    assertThat(session.tell(first, 6, 0, false, false, false)).isTrue();
    assertThat(session.tell(first, 6, 0, true, true, false)).isTrue();
    assertThat(session.update(FetchRequest.builder().build()))
        .extracting(FetchWish::partition)
        .containsExactly(1, 0);
  }
}
