package io.millrace.protocol.record;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Seeded records: null and empty keys and values, headers, timestamps that run backwards,
 * compressible and random bytes.
 */
final class RandomRecords {

  private RandomRecords() {}

  /** A record before it is in a batch. */
  @SuppressWarnings("ArrayRecordComponent") // compared field by field
  record Draft(
      long timestamp, byte @Nullable [] key, byte @Nullable [] value, List<Header> headers) {}

  static List<Draft> drafts(Random random) {
    int count = 1 + random.nextInt(random.nextBoolean() ? 5 : 300);
    long timestamp = random.nextInt(10) == 0 ? 0 : 1_700_000_000_000L;
    List<Draft> drafts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      timestamp += random.nextInt(2000) - 500;
      drafts.add(
          new Draft(
              Math.max(0, timestamp), bytes(random, 40), bytes(random, 2000), headers(random)));
    }
    return drafts;
  }

  static MemoryRecords build(List<Draft> drafts, RecordBatchBuilder builder) {
    for (Draft draft : drafts) {
      builder.append(draft.timestamp(), wrap(draft.key()), wrap(draft.value()), draft.headers());
    }
    return builder.build();
  }

  static @Nullable ByteBuffer wrap(byte @Nullable [] bytes) {
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }

  static byte @Nullable [] unwrap(@Nullable ByteBuffer buffer) {
    if (buffer == null) {
      return null;
    }
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  private static List<Header> headers(Random random) {
    if (random.nextInt(3) > 0) {
      return List.of();
    }
    List<Header> headers = new ArrayList<>();
    for (int i = random.nextInt(4); i >= 0; i--) {
      headers.add(Header.of(random.nextBoolean() ? "trace" : "schlüssel-☃", bytes(random, 30)));
    }
    return headers;
  }

  private static byte @Nullable [] bytes(Random random, int max) {
    int kind = random.nextInt(8);
    if (kind == 0) {
      return null;
    }
    byte[] bytes = new byte[kind == 1 ? 0 : random.nextInt(max)];
    if (kind < 5) {
      random.nextBytes(bytes);
    }
    return bytes;
  }
}
