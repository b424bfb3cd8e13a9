package io.millrace.client.producer;

/**
 * The 32-bit murmur2 hash with the seed that Kafka's Java client uses; keys must land on the
 * partitions that other clients choose, so neither may ever change. Pure.
 */
public final class Murmur2 {

  private static final int SEED = 0x9747b28c;
  private static final int MULTIPLIER = 0x5bd1e995;
  private static final int SHIFT = 24;

  private Murmur2() {}

  /** The partition of a key: the hash without its sign, modulo the count. */
  public static int partition(byte[] key, int partitionCount) {
    return (hash(key) & 0x7fff_ffff) % partitionCount;
  }

  /** The hash of all bytes. */
  public static int hash(byte[] data) {
    int length = data.length;
    int hash = SEED ^ length;
    int words = length >> 2;
    for (int word = 0; word < words; word++) {
      int at = word << 2;
      int mixed =
          ((data[at] & 0xff)
                  | (data[at + 1] & 0xff) << 8
                  | (data[at + 2] & 0xff) << 16
                  | (data[at + 3] & 0xff) << 24)
              * MULTIPLIER;
      mixed ^= mixed >>> SHIFT;
      hash = (hash * MULTIPLIER) ^ (mixed * MULTIPLIER);
    }
    int tail = length & ~3;
    int left = length & 3;
    if (left > 0) {
      int rest = data[tail] & 0xff;
      if (left > 1) {
        rest |= (data[tail + 1] & 0xff) << 8;
      }
      if (left > 2) {
        rest |= (data[tail + 2] & 0xff) << 16;
      }
      hash = (hash ^ rest) * MULTIPLIER;
    }
    hash ^= hash >>> 13;
    hash *= MULTIPLIER;
    return hash ^ (hash >>> 15);
  }
}
