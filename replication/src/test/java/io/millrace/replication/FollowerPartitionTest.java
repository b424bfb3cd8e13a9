package io.millrace.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.log.EpochEnd;
import io.millrace.log.PartitionLog;
import io.millrace.log.simulated.Batches;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.protocol.record.CorruptRecordsException;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.replication.follower.FetchPosition;
import io.millrace.replication.follower.FetchTarget;
import io.millrace.replication.follower.FetchedData;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class FollowerPartitionTest {

  private final Fixture node = new Fixture();
  private final List<FetchPosition> positions = new ArrayList<>();
  private final List<String> refusals = new ArrayList<>();

  private final FetchTarget.Listener listener =
      new FetchTarget.Listener() {
        @Override
        public void onPosition(FetchPosition position) {
          positions.add(position);
        }

        @Override
        public void onRefused(String reason) {
          refusals.add(reason);
        }
      };

  private FetchTarget follow(int leader, int epoch, int partitionEpoch) {
    node.state(leader, epoch, partitionEpoch, 2, 3);
    FetchTarget target = Objects.requireNonNull(node.following);
    target.start(listener);
    node.runAll();
    return target;
  }

  private FetchPosition last() {
    return positions.get(positions.size() - 1);
  }

  private FetchedData data(MemoryRecords records, long highWatermark) {
    return new FetchedData(last(), records, highWatermark, 0, null, false);
  }

  private MemoryRecords batch(long offset, int epoch, String... values) {
    return Batches.ofLeader(offset, epoch, 1_700_000_000_000L, values);
  }

  @Test
  void fetchedRecords_positionMovesOnlyWhenTheyAreOnDisk() {
    FetchTarget target = follow(2, 3, 0);
    assertThat(last().fetchOffset()).isZero();

    target.take(data(batch(0, 3, "a", "b"), 0), listener);
    node.runAppends();
    assertThat(positions).hasSize(1);
    node.runAll();

    assertThat(last().fetchOffset()).isEqualTo(2);
    assertThat(last().lastFetchedEpoch()).isEqualTo(3);
  }

  @Test
  void highWatermark_isTheLeadersButAtMostWhatIsOnThisDisk() {
    FetchTarget target = follow(2, 3, 0);

    target.take(data(batch(0, 3, "a", "b"), 2), listener);
    node.runAppends();
    assertThat(node.log.highWatermark()).isZero();
    node.runAll();

    assertThat(node.log.highWatermark()).isEqualTo(2);
  }

  @Test
  void divergentTail_isCutToTheEndOfTheLeadersEpoch() {
    FetchTarget target = follow(2, 3, 0);
    target.take(data(batch(0, 1, "a"), 1), listener);
    node.runAll();
    target.take(data(batch(1, 2, "x"), 1), listener);
    node.runAll();

    target.take(
        new FetchedData(last(), MemoryRecords.EMPTY, -1, -1, new EpochEnd(1, 5), false), listener);
    node.runAll();

    assertThat(last().fetchOffset()).isEqualTo(1);
    assertThat(last().lastFetchedEpoch()).isEqualTo(1);
  }

  @Test
  void formerLeaderOfAnEmptyEpoch_takesOlderEpochsFromTheNext() {
    FetchTarget first = follow(2, 3, 0);
    first.take(data(batch(0, 3, "a"), 1), listener);
    node.runAll();
    node.state(1, 4, 1, 1, 2);

    FetchTarget target = follow(3, 5, 2);
    assertThat(last().lastFetchedEpoch()).isEqualTo(3);
    target.take(data(batch(1, 3, "b"), 1), listener);
    node.runAll();

    assertThat(refusals).isEmpty();
    assertThat(last().fetchOffset()).isEqualTo(2);
  }

  @Test
  void outOfRange_startsAnewAtTheLeadersLogStart() {
    FetchTarget target = follow(2, 3, 0);

    target.take(new FetchedData(last(), MemoryRecords.EMPTY, -1, 700, null, true), listener);
    node.runAll();

    assertThat(last().fetchOffset()).isEqualTo(700);
    assertThat(node.log.logStartOffset()).isEqualTo(700);
  }

  @Test
  void dataForAnEndedRole_isDropped() {
    FetchTarget old = follow(2, 3, 0);
    FetchedData late = data(batch(0, 3, "late"), 1);
    node.state(3, 4, 1, 3);

    old.take(late, listener);
    node.runAll();

    assertThat(node.log.logEndOffset()).isZero();
    assertThat(positions).hasSize(1);
  }

  @Test
  void dataForAnotherPosition_isRefused() {
    FetchTarget target = follow(2, 3, 0);
    FetchedData data = data(batch(0, 3, "a"), 0);
    target.take(data, listener);
    node.runAll();

    target.take(new FetchedData(data.position(), batch(0, 3, "a"), 0, 0, null, false), listener);

    assertThat(refusals).hasSize(1);
    assertThat(node.log.logEndOffset()).isEqualTo(1);
  }

  @Test
  void failureThatMayPass_isToldAndTheNextStartGoesOnAtTheLogsEnd() {
    FetchTarget target = follow(2, 3, 0);
    FetchPosition asked = last();
    MemoryRecords unreadable = MemoryRecords.copyOf(ByteBuffer.wrap(new byte[80]));

    assertThatThrownBy(() -> target.take(data(unreadable, 0), listener))
        .isInstanceOf(CorruptRecordsException.class);

    assertThat(refusals).hasSize(1);
    target.start(listener);
    node.runAll();
    assertThat(last()).isEqualTo(asked);
    target.take(data(batch(0, 3, "a"), 1), listener);
    node.runAll();
    assertThat(last().fetchOffset()).isEqualTo(1);
  }

  @Test
  void startThatBreaks_isTold_soThatItIsTriedAgain() {
    boolean[] breaks = {true};
    PartitionLog log =
        (PartitionLog)
            Proxy.newProxyInstance(
                PartitionLog.class.getClassLoader(),
                new Class<?>[] {PartitionLog.class},
                (proxy, method, args) -> {
                  if (breaks[0] && method.getName().equals("truncateTo")) {
                    throw new OutOfMemoryError("of the test");
                  }
                  return method.invoke(node.log, args);
                });
    FollowerPartition follower =
        new FollowerPartition(log, new PartitionImage(0, List.of(1, 2), List.of(1, 2), 2, 3, 0), 0);

    assertThatThrownBy(() -> follower.start(listener)).isInstanceOf(OutOfMemoryError.class);
    assertThat(refusals).hasSize(1);

    breaks[0] = false;
    follower.start(listener);
    assertThat(last().fetchOffset()).isZero();
  }
}
