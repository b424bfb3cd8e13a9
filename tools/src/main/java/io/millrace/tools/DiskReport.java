package io.millrace.tools;

import io.millrace.client.LogDirectory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How the disks of the brokers are, and what to do about those that are out of service.
 *
 * @param byBroker the directories of each broker that told of them
 */
record DiskReport(Map<Integer, List<LogDirectory>> byBroker) {

  boolean allWell() {
    return byBroker.values().stream().flatMap(List::stream).noneMatch(LogDirectory::failed);
  }

  /** In a word or two. */
  String of(int broker) {
    List<LogDirectory> known = byBroker.getOrDefault(broker, List.of());
    if (known.isEmpty()) {
      return "unknown";
    }
    long full = known.stream().filter(LogDirectory::full).count();
    long failed = known.stream().filter(LogDirectory::failed).count() - full;
    List<String> parts = new ArrayList<>();
    if (full > 0) {
      parts.add(full + " of " + known.size() + " full");
    }
    if (failed > 0) {
      parts.add(failed + " of " + known.size() + " failed");
    }
    return parts.isEmpty() ? "ok" : String.join(", ", parts);
  }

  /** A line for each directory that is out of service. */
  List<String> advice() {
    List<String> lines = new ArrayList<>();
    byBroker.forEach(
        (broker, directories) ->
            directories.stream()
                .filter(LogDirectory::failed)
                .forEach(one -> lines.add("Broker " + broker + ": " + adviceOn(one))));
    return lines;
  }

  private static String adviceOn(LogDirectory directory) {
    return directory.full()
        ? directory.path()
            + " is full ("
            + bytes(directory.usableBytes())
            + " of "
            + bytes(directory.totalBytes())
            + " left); free "
            + bytes(directory.missingBytes())
            + " more and it is used again by itself"
        : directory.path()
            + " has failed; the node's log says why. Mend it and restart the node"
            + " (if it was only full, it is used again in a few seconds, now that there is room)";
  }

  /** Paths of what is out of service: for want of room alone, or all of it. */
  List<String> paths(int broker, boolean fullOnly) {
    return byBroker.getOrDefault(broker, List.of()).stream()
        .filter(one -> fullOnly ? one.full() : one.failed())
        .map(LogDirectory::path)
        .toList();
  }

  static String bytes(long count) {
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = count;
    int unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    return unit == 0
        ? count + " B"
        : String.format(Locale.ROOT, value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
  }
}
