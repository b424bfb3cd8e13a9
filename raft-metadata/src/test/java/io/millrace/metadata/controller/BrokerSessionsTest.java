package io.millrace.metadata.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.controller.BrokerSessions.Owner;
import org.junit.jupiter.api.Test;

/** When a broker is taken for dead; times are nanoseconds of a clock that begins at 0. */
class BrokerSessionsTest {
  private static final long TTL = 6_000;
  private static final long GRACE = 1_000;

  private final BrokerSessions sessions = new BrokerSessions(TTL, 500);

  private void takeOver() {
    for (int broker = 1; broker <= 3; broker++) {
      sessions.assume(broker, 10 + broker, GRACE, 0);
    }
  }

  @Test
  void brokerThatIsSilentWhileMostAreHeard_hasTheGraceOfATakeover() {
    takeOver();
    sessions.touch(1, 11, 5, 300);
    sessions.touch(2, 12, 6, 400);
    assertThat(sessions.expired(GRACE - 1)).isEmpty();
    assertThat(sessions.expired(GRACE)).containsExactly(new Owner(3, 13));
  }

  @Test
  void brokerThatIsSilentWhileAsManyAreHeard_hasTheGraceOfATakeover() {
    sessions.assume(1, 11, GRACE, 0);
    sessions.assume(2, 12, GRACE, 0);
    sessions.touch(1, 11, 5, 300); // the controller's own
    assertThat(sessions.expired(GRACE)).containsExactly(new Owner(2, 12));
  }

  @Test
  void brokersThatAreSilentTogether_haveAWholeSession() {
    takeOver();
    sessions.touch(2, 12, 6, 400); // the controller's own
    assertThat(sessions.expired(TTL - 1)).isEmpty();
    assertThat(sessions.expired(TTL)).containsExactly(new Owner(1, 11), new Owner(3, 13));
  }

  @Test
  void brokersThatFindTheControllerLate_letTheSilentOneGoAtOnce() {
    takeOver();
    assertThat(sessions.expired(GRACE + 300)).isEmpty();
    sessions.touch(1, 11, 5, GRACE + 300);
    sessions.touch(2, 12, 6, GRACE + 300);
    assertThat(sessions.expired(GRACE + 301)).containsExactly(new Owner(3, 13));
  }

  @Test
  void timeInWhichTheControllerStoodStill_countsAgainstNobody() {
    sessions.touch(1, 11, 5, 0);
    sessions.assume(2, 12, GRACE, 0);
    sessions.postpone(TTL);
    assertThat(sessions.expired(TTL + GRACE - 1)).isEmpty();
    assertThat(sessions.expired(TTL + GRACE)).containsExactly(new Owner(2, 12));
    assertThat(sessions.expired(2 * TTL)).containsExactly(new Owner(1, 11), new Owner(2, 12));
  }

  @Test
  void brokerThatWasHeard_isGivenUpBySessionOrByItsBrokenConnection() {
    sessions.touch(1, 11, 5, 0);
    sessions.touch(2, 12, 6, 0);
    sessions.connectionLost(5, 100);
    assertThat(sessions.expired(600)).containsExactly(new Owner(1, 11));
    assertThat(sessions.expired(TTL)).containsExactly(new Owner(1, 11), new Owner(2, 12));
  }
}
