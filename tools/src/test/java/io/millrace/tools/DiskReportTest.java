package io.millrace.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.LogDirectory;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DiskReportTest {

  private static final long GIB = 1L << 30;

  private static LogDirectory directory(String path, boolean failed, long total, long usable) {
    return new LogDirectory(path, failed, total, usable, Map.of());
  }

  private static DiskReport report(LogDirectory... directories) {
    return new DiskReport(Map.of(1, List.of(directories)));
  }

  @Test
  void disksInService_areOk_howeverLittleRoomTheyHave() {
    DiskReport report = report(directory("/a", false, GIB, 0));

    assertThat(report.allWell()).isTrue();
    assertThat(report.of(1)).isEqualTo("ok");
    assertThat(report.of(2)).isEqualTo("unknown");
    assertThat(report.advice()).isEmpty();
  }

  @Test
  void fullDisk_isToldFromAFailedOne_withWhatToDo() {
    DiskReport report =
        report(
            directory("/a", true, GIB, 1 << 20),
            directory("/b", true, GIB, GIB / 2),
            directory("/c", false, GIB, GIB / 2));

    assertThat(report.allWell()).isFalse();
    assertThat(report.of(1)).isEqualTo("1 of 3 full, 1 of 3 failed");
    assertThat(report.advice())
        .satisfiesExactly(
            full ->
                assertThat(full)
                    .isEqualTo(
                        "Broker 1: /a is full (1.0 MiB of 1.0 GiB left); free 50 MiB more and it"
                            + " is used again by itself"),
            failed -> assertThat(failed).startsWith("Broker 1: /b has failed; the node's log"));
    assertThat(report.paths(1, false)).containsExactly("/a", "/b");
    assertThat(report.paths(1, true)).containsExactly("/a");
  }

  @Test
  void diskThatDoesNotTellItsSize_isNotCalledFull() {
    assertThat(report(directory("/a", true, -1, -1)).of(1)).isEqualTo("1 of 1 failed");
  }

  @Test
  void bytes_areReadable() {
    assertThat(DiskReport.bytes(0)).isEqualTo("0 B");
    assertThat(DiskReport.bytes(1023)).isEqualTo("1023 B");
    assertThat(DiskReport.bytes(64L << 20)).isEqualTo("64 MiB");
    assertThat(DiskReport.bytes(3 * GIB / 2)).isEqualTo("1.5 GiB");
  }
}
