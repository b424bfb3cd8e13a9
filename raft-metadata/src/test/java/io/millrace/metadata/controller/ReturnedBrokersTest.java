package io.millrace.metadata.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.ClusterImage;
import io.millrace.metadata.image.PersistentMap;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When a broker that came back is looked at; times are nanoseconds of a clock that begins at 0. */
class ReturnedBrokersTest {

  private static final long SECOND = 1_000_000_000L;

  private final ReturnedBrokers returned = new ReturnedBrokers(10 * SECOND, 300 * SECOND);

  private static ClusterImage cluster(BrokerImage... brokers) {
    PersistentMap<Integer, BrokerImage> map = PersistentMap.empty();
    for (BrokerImage broker : brokers) {
      map = map.with(broker.id(), broker);
    }
    return new ClusterImage("c", map);
  }

  @Test
  void brokerThatCameBack_isLookedAtOnceItHasStayed_andThenEverySecond() {
    returned.observe(cluster(SimulatedControllers.broker(1, 5, false)), 0);

    assertThat(returned.due(10 * SECOND - 1)).isEmpty();
    assertThat(returned.due(10 * SECOND)).containsExactly(1);
    assertThat(returned.due(11 * SECOND - 1)).isEmpty();
    assertThat(returned.due(11 * SECOND)).containsExactly(1);

    returned.ended(List.of(1), false, 11 * SECOND);
    returned.observe(cluster(SimulatedControllers.broker(1, 5, false)), 12 * SECOND);
    assertThat(returned.due(100 * SECOND)).isEmpty();
  }

  @Test
  void brokerThatGoesAgain_isNotLookedAt() {
    returned.observe(cluster(SimulatedControllers.broker(1, 5, false)), 0);
    returned.observe(cluster(SimulatedControllers.broker(1, 5, true)), SECOND);

    assertThat(returned.due(20 * SECOND)).isEmpty();
  }

  @Test
  void anotherLifeOfABroker_beginsAnew_evenIfNobodySawItGo() {
    returned.observe(cluster(SimulatedControllers.broker(1, 5, false)), 0);
    returned.observe(cluster(SimulatedControllers.broker(1, 6, false)), 9 * SECOND);

    assertThat(returned.due(18 * SECOND)).isEmpty();
    assertThat(returned.due(19 * SECOND)).containsExactly(1);
  }

  @Test
  void brokerThatComesAndGoes_isGivenLeadershipOnceInTheInterval() {
    returned.observe(cluster(SimulatedControllers.broker(1, 5, false)), 0);
    assertThat(returned.due(10 * SECOND)).containsExactly(1);
    returned.ended(List.of(1), true, 10 * SECOND);

    returned.observe(cluster(SimulatedControllers.broker(1, 5, true)), 20 * SECOND);
    returned.observe(cluster(SimulatedControllers.broker(1, 6, false)), 21 * SECOND);

    assertThat(returned.due(310 * SECOND - 1)).isEmpty();
    assertThat(returned.due(310 * SECOND)).containsExactly(1);
  }
}
