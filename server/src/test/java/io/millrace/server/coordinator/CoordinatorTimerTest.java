package io.millrace.server.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CoordinatorTimerTest {

  @Test
  void dueTimers_comeInTheOrderOfTheirTimes() {
    CoordinatorTimer timers = new CoordinatorTimer();
    timers.set("late", 30);
    timers.set("early", 10);
    timers.set("moved to later", 5);
    timers.set("moved to later", 40);
    timers.set("moved to earlier", 50);
    timers.set("moved to earlier", 20);
    timers.set("cancelled", 1);
    timers.cancel("cancelled");

    List<Object> due = new ArrayList<>();
    for (Object key = timers.pollDue(35); key != null; key = timers.pollDue(35)) {
      due.add(key);
    }

    assertThat(due).containsExactly("early", "moved to earlier", "late");
    assertThat(timers.nextDueMillis()).isEqualTo(40);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void randomTimers_behaveLikeASortedMap(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    CoordinatorTimer timers = new CoordinatorTimer();
    Map<Object, Long> model = new HashMap<>();
    long now = 0;
    for (int i = 0; i < 5_000; i++) {
      String key = "k" + random.nextInt(50);
      switch (random.nextInt(4)) {
        case 0, 1 -> {
          long due = now + random.nextInt(100);
          timers.set(key, due);
          model.put(key, due);
        }
        case 2 -> {
          timers.cancel(key);
          model.remove(key);
        }
        default -> {
          now += random.nextInt(20);
          for (Object due = timers.pollDue(now); due != null; due = timers.pollDue(now)) {
            Long expected = model.remove(due);
            assertThat(expected).isNotNull().isLessThanOrEqualTo(now);
          }
          long passed = now;
          assertThat(model.values()).allMatch(due -> due > passed);
        }
      }
      assertThat(timers.size()).isEqualTo(model.size());
      assertThat(timers.nextDueMillis())
          .isEqualTo(model.values().stream().min(Long::compare).orElse(Long.MAX_VALUE));
    }
  }
}
