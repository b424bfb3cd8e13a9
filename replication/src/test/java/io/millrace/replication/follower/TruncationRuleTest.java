package io.millrace.replication.follower;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TruncationRuleTest {

  /** A log as the list of its records' epochs, which never fall. */
  private record Model(List<Integer> epochs) {
    int last() {
      return epochs.isEmpty() ? -1 : epochs.get(epochs.size() - 1);
    }

    /** The largest epoch not above the asked one, -1 for none. */
    int floor(int asked) {
      int floor = -1;
      for (int epoch : epochs) {
        floor = epoch <= asked ? epoch : floor;
      }
      return floor;
    }

    long endOf(int epoch) {
      long end = 0;
      for (int e : epochs) {
        end += e <= epoch ? 1 : 0;
      }
      return end;
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void truncateTo_endsAtTheCommonPointAndKeepsAllThatIsShared(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 500; round++) {
      // given: a shared beginning, then epochs of which each was led by one of the two alone
      List<Integer> leader = new ArrayList<>();
      List<Integer> follower = new ArrayList<>();
      int epoch = 0;
      for (int i = random.nextInt(6); i > 0; i--) {
        epoch += random.nextInt(2);
        leader.add(epoch);
        follower.add(epoch);
      }
      int shared = leader.size();
      for (int i = random.nextInt(8); i > 0; i--) {
        epoch++;
        List<Integer> alone = random.nextBoolean() ? leader : follower;
        for (int n = 1 + random.nextInt(3); n > 0; n--) {
          alone.add(epoch);
        }
      }
      Model leaders = new Model(leader);

      // when: the follower asks and cuts until the leader finds nothing to object to
      int rounds = 0;
      while (true) {
        Model own = new Model(follower);
        int floor = leaders.floor(own.last());
        long end = floor < 0 ? 0 : leaders.endOf(floor);
        boolean diverges = own.last() >= 0 && (floor < own.last() || end < follower.size());
        if (!diverges) {
          break;
        }
        int localEpoch = own.floor(floor);
        long to =
            TruncationRule.truncateTo(
                floor,
                end,
                localEpoch,
                localEpoch < 0 ? -1 : own.endOf(localEpoch),
                0,
                follower.size());
        assertThat(to).as("each round removes something").isLessThan(follower.size());
        follower.subList((int) to, follower.size()).clear();
        assertThat(++rounds).isLessThan(50);
      }

      // then
      assertThat(follower.size()).isEqualTo(shared);
      assertThat(leader.subList(0, shared)).isEqualTo(follower);
    }
  }
}
