package io.millrace.metadata.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PersistentMapTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void everyVersion_staysWhatItWas(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<PersistentMap<Integer, Integer>> versions = new ArrayList<>();
    List<TreeMap<Integer, Integer>> models = new ArrayList<>();
    PersistentMap<Integer, Integer> map = PersistentMap.empty();
    TreeMap<Integer, Integer> model = new TreeMap<>();
    for (int step = 0; step < 2_000; step++) {
      int key = random.nextInt(300);
      if (random.nextInt(3) == 0) {
        map = map.without(key);
        model.remove(key);
      } else {
        map = map.with(key, step);
        model.put(key, step);
      }
      if (step % 100 == 0) {
        versions.add(map);
        models.add(new TreeMap<>(model));
      }
    }
    for (int i = 0; i < versions.size(); i++) {
      TreeMap<Integer, Integer> expected = models.get(i);
      List<Map.Entry<Integer, Integer>> entries = new ArrayList<>();
      versions.get(i).forEach(entries::add);
      assertThat(entries)
          .as("seed %d version %d", seed, i)
          .containsExactlyElementsOf(expected.entrySet());
      assertThat(versions.get(i).size()).isEqualTo(expected.size());
      assertThat(versions.get(i).first()).as("seed %d", seed).isEqualTo(expected.firstEntry());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void visit_ofARange_seesItsKeysUpToTheFirstRefusal(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    PersistentMap<Integer, Integer> map = PersistentMap.empty();
    TreeMap<Integer, Integer> model = new TreeMap<>();
    for (int step = 0; step < 1_000; step++) {
      int key = random.nextInt(200);
      boolean goes = random.nextInt(3) == 0;
      map = goes ? map.without(key) : map.with(key, step);
      if (goes) {
        model.remove(key);
      } else {
        model.put(key, step);
      }
      Integer start = random.nextInt(4) == 0 ? null : random.nextInt(-5, 205);
      Integer end = random.nextInt(4) == 0 ? null : random.nextInt(-5, 205);
      int most = random.nextInt(1, 50);
      List<Integer> seen = new ArrayList<>();
      map.visit(
          start,
          end,
          (each, value) -> {
            seen.add(each);
            return seen.size() < most;
          });
      assertThat(seen)
          .as("seed %d step %d from %s to %s", seed, step, start, end)
          .containsExactlyElementsOf(
              model.keySet().stream()
                  .filter(each -> start == null || each >= start)
                  .filter(each -> end == null || each < end)
                  .limit(most)
                  .toList());
    }
  }
}
