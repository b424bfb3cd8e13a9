package io.millrace.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimerHeapTest {

  private record Timed(int number, TimerHeap.Entry entry) {}

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void anyMixOfAddsAndRemoves_leavesInOrderOfDeadlineThenOfArrival(long seed) {
    // given: a list that is right by its simplicity, and a clock that wraps
    Random random = new Random(seed);
    long epoch = Long.MAX_VALUE - 50;
    TimerHeap heap = new TimerHeap();
    List<Timed> model = new ArrayList<>();

    // when
    for (int i = 0; i < 5000; i++) {
      int choice = random.nextInt(10);
      if (choice < 5) {
        TimerHeap.Entry entry = new TimerHeap.Entry(epoch + random.nextInt(100));
        heap.add(entry);
        model.add(new Timed(i, entry));
      } else if (choice < 7 && !model.isEmpty()) {
        Timed removed = model.remove(random.nextInt(model.size()));
        heap.remove(removed.entry());
        heap.remove(removed.entry());
      } else if (!model.isEmpty()) {
        Timed first =
            model.stream()
                .min(
                    Comparator.comparingLong((Timed timed) -> timed.entry().deadlineNanos - epoch)
                        .thenComparingInt(Timed::number))
                .orElseThrow();
        assertThat(heap.peek()).isSameAs(first.entry());
        heap.remove(first.entry());
        model.remove(first);
      }
      assertThat(heap.size()).isEqualTo(model.size());
    }

    // then
    heap.clear();
    assertThat(heap.isEmpty()).isTrue();
    assertThat(heap.peek()).isNull();
  }
}
