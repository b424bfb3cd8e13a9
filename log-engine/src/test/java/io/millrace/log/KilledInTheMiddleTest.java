package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.log.simulated.Batches;
import io.millrace.log.simulated.SimulatedStorage;
import io.millrace.protocol.record.Record;
import io.millrace.protocol.record.RecordBatch;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The process dies before each single change of the disk that an operation makes, killed or with
 * the power. What was there before the operation, and is none of its business, is there after it.
 */
final class KilledInTheMiddleTest {

  /** How many ways to lose power are tried at each change; each leaves other names. */
  private static final int WAYS_TO_LOSE_POWER = 12;

  /** How an end of the process leaves the disk. */
  private interface Ending extends Consumer<SimulatedStorage> {}

  private static List<Ending> endings() {
    List<Ending> endings = new ArrayList<>();
    endings.add(SimulatedStorage::kill);
    endings.add(SimulatedStorage::crash);
    for (int seed = 0; seed < WAYS_TO_LOSE_POWER; seed++) {
      long chosen = seed;
      endings.add(disk -> disk.crash(new SplittableRandom(chosen)));
    }
    return endings;
  }

  /** A log, what is done to it, and what must hold after a death in the middle of that. */
  private interface Scene {
    LogFixture prepare();

    void act(LogFixture fixture);

    void check(LogFixture fixture);
  }

  /** Plays the scene with a death at each change; returns how many there are. */
  private static int dieAtEachChange(Scene scene) {
    List<Ending> endings = endings();
    for (int changes = 0; ; changes++) {
      boolean died = false;
      for (int ending = 0; ending < endings.size(); ending++) {
        LogFixture fixture = scene.prepare();
        fixture.disk.dieAfter(changes);
        try {
          scene.act(fixture);
        } catch (SimulatedStorage.Dead expected) {
          assertThat(fixture.disk.hasDied()).isTrue();
        }
        died |= fixture.disk.hasDied();
        endings.get(ending).accept(fixture.disk);
        try {
          fixture.reopen();
          scene.check(fixture);
        } catch (RuntimeException | AssertionError e) {
          throw new AssertionError("died after " + changes + " changes, ending " + ending, e);
        }
        fixture.manager.abandon();
      }
      if (!died) {
        return changes;
      }
    }
  }

  /** A log of twelve records in several segments, all of it flushed and checkpointed. */
  private abstract static class TwelveRecords implements Scene {
    @Override
    public LogFixture prepare() {
      LogFixture fixture = new LogFixture("segment.bytes", "250");
      for (int i = 0; i < 12; i++) {
        fixture.append("v" + i);
      }
      fixture.log.setHighWatermark(12);
      fixture.clock.advanceMillis(10_000);
      fixture.run();
      return fixture;
    }

    static List<String> from(int first, int end) {
      return IntStream.range(first, end).mapToObj(i -> "v" + i).toList();
    }
  }

  @Test
  void truncationAcrossSegments_keepsWhatIsBelowTheCut() {
    int changes =
        dieAtEachChange(
            new TwelveRecords() {
              @Override
              public void act(LogFixture fixture) {
                fixture.log.truncateTo(4);
                fixture.run();
              }

              @Override
              public void check(LogFixture fixture) {
                List<String> values = fixture.values();
                assertThat(values).hasSizeBetween(4, 12).isEqualTo(from(0, values.size()));
                assertThat(fixture.log.logStartOffset()).isZero();
              }
            });
    assertThat(changes).as("changes of the disk").isGreaterThan(10);
  }

  @Test
  void lossOfPowerAfterADeathInATruncation_cutsWhatIsTornAndNoMore() {
    dieAtEachChange(
        new TwelveRecords() {
          @Override
          public void act(LogFixture fixture) {
            fixture.log.truncateTo(4);
          }

          @Override
          public void check(LogFixture fixture) {
            int end = (int) fixture.log.logEndOffset();
            for (int i = end; i < end + 3; i++) {
              fixture.log.appendAsLeader(Batches.of(1, "v" + i), LogFixture.EPOCH);
            }
            fixture.appendLoop.runOne(); // written, not flushed
            fixture.disk.crash(new SplittableRandom(end));
            fixture.reopen();
            List<String> values = fixture.values();
            assertThat(values).hasSizeBetween(end, end + 3).isEqualTo(from(0, values.size()));
          }
        });
  }

  @Test
  void removalOfOldSegments_keepsAllFromTheNewStartOn() {
    int changes =
        dieAtEachChange(
            new TwelveRecords() {
              @Override
              public void act(LogFixture fixture) {
                fixture.log.advanceLogStart(9);
                fixture.run();
              }

              @Override
              public void check(LogFixture fixture) {
                int start = (int) fixture.log.logStartOffset();
                assertThat(start).isBetween(0, 9);
                assertThat(fixture.values()).isEqualTo(from(start, 12));
              }
            });
    assertThat(changes).as("changes of the disk").isGreaterThan(5);
  }

  @Test
  void emptying_leavesALogWithoutAGap() {
    int changes =
        dieAtEachChange(
            new TwelveRecords() {
              @Override
              public void act(LogFixture fixture) {
                fixture.log.truncateFullyAndStartAt(700);
                fixture.run();
              }

              @Override
              public void check(LogFixture fixture) {
                int start = (int) fixture.log.logStartOffset();
                int end = (int) fixture.log.logEndOffset();
                assertThat(fixture.values()).isEqualTo(start >= 12 ? List.of() : from(start, end));
              }
            });
    assertThat(changes).as("changes of the disk").isGreaterThan(10);
  }

  @Test
  void cleanedSegmentInThePlaceOfSeveral_keepsTheLatestOfEachKey() {
    int changes =
        dieAtEachChange(
            new Scene() {
              private final Map<String, String> latest = new TreeMap<>();

              @Override
              public LogFixture prepare() {
                LogFixture fixture = CompactedLog.open("segment.bytes", "500");
                for (int i = 0; i < 24; i++) {
                  put(fixture, "k" + i % 5, "v" + i);
                }
                seal(fixture);
                act(fixture); // makes segments small
                seal(fixture);
                return fixture;
              }

              private void seal(LogFixture fixture) {
                put(fixture, "filler", "f".repeat(300));
                put(fixture, "filler", "f".repeat(300));
                fixture.log.setHighWatermark(fixture.log.logEndOffset());
              }

              private void put(LogFixture fixture, String key, String value) {
                latest.put(key, value);
                CompactedLog.put(fixture, key, value);
              }

              @Override
              public void act(LogFixture fixture) {
                fixture.clock.advanceMillis(150);
                fixture.run();
              }

              @Override
              public void check(LogFixture fixture) {
                assertThat(fixture.log.logStartOffset()).isZero();
                assertThat(fixture.log.logEndOffset()).isEqualTo(28);
                assertThat(contentOf(fixture)).isEqualTo(latest);
              }
            });
    assertThat(changes).as("changes of the disk").isGreaterThan(20);
  }

  private static Map<String, String> contentOf(LogFixture fixture) {
    Map<String, String> content = new TreeMap<>();
    fixture.read(
        fixture.log.logStartOffset(),
        records -> {
          for (RecordBatch batch : records.batches()) {
            for (Record record : batch.records()) {
              content.put(text(record.key()), text(record.value()));
            }
          }
          records.release();
        });
    return content;
  }

  private static String text(@Nullable ByteBuffer bytes) {
    return StandardCharsets.UTF_8.decode(Objects.requireNonNull(bytes)).toString();
  }
}
