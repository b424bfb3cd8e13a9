package io.millrace.log.segment;

import static io.millrace.concurrent.Interleavings.check;

import io.millrace.concurrent.Interleavings;
import io.millrace.log.simulated.SimulatedStorage;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Readers beside a log that rolls and forgets: each sees segments as they were at one moment. */
final class SegmentListConcurrencyTest {

  @Test
  void readers_whileSegmentsComeAndGo_seeOneMoment() throws IOException {
    SimulatedStorage disk = new SimulatedStorage("disk");
    disk.createDirectory("t-0");
    Segment zero = Segment.create(disk, "t-0", 0);
    Segment ten = Segment.create(disk, "t-0", 10);
    Segment twenty = Segment.create(disk, "t-0", 20);
    Interleavings.explore(
        300,
        () -> {
          SegmentList list = Interleavings.shared(new SegmentList(List.of(zero, ten)));
          Interleavings.inParallel(
              () -> {
                list.add(twenty);
                list.replace(List.of(ten, twenty));
              },
              () -> {
                check(list.floor(15) == ten, "15 lies in " + list.floor(15).baseOffset());
                Segment last = list.active();
                check(last != zero, "the active one is " + last.baseOffset());
                check(list.after(zero) == ten, "after 0 comes 10");
              },
              () -> {
                List<Segment> now = list.snapshot();
                check(now.contains(ten), "10 was always there");
                check(
                    !now.contains(twenty) || list.floor(25) == twenty, "25 was in 20, and is not");
              });
        });
  }
}
