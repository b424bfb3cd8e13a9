package io.millrace.log.compact;

/**
 * What one cleaning goes by.
 *
 * @param firstDirty below it every key has at most one record; nothing below was read into the map
 * @param mappedEnd where the stretch ends that was read into the map; a batch begins here
 * @param nowMs tombstones with an earlier horizon go
 * @param newHorizonMs the horizon of tombstones that are cleaned for the first time
 */
public record CompactionBounds(long firstDirty, long mappedEnd, long nowMs, long newHorizonMs) {
  public CompactionBounds {
    if (firstDirty > mappedEnd) {
      throw new IllegalArgumentException(
          "first dirty offset " + firstDirty + " is above the mapped end " + mappedEnd);
    }
  }
}
