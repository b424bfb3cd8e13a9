package io.millrace.log.compact;

import java.nio.ByteBuffer;

/**
 * SipHash-2-4 with 128 bits under a secret of the cleaning's own: two keys that an adversary or bad
 * luck could make collide would lose one of them its value, so the hash must be one that nobody can
 * steer.
 *
 * <p>Confined to its user: the result of the last key stays here, to allocate nothing per key.
 */
final class KeyHash {

  private final long secret0;
  private final long secret1;
  private long high;
  private long low;
  private long v0;
  private long v1;
  private long v2;
  private long v3;

  KeyHash(long secret0, long secret1) {
    this.secret0 = secret0;
    this.secret1 = secret1;
  }

  long high() {
    return high;
  }

  long low() {
    return low;
  }

  // hot: once per record read by the cleaner
  /** Computes the hash of some bytes of a little-endian buffer. */
  void of(ByteBuffer bytes, int position, int length) {
    v0 = secret0 ^ 0x736f6d6570736575L;
    v1 = secret1 ^ 0x646f72616e646f6dL ^ 0xee;
    v2 = secret0 ^ 0x6c7967656e657261L;
    v3 = secret1 ^ 0x7465646279746573L;
    int end = position + (length & ~7);
    for (int at = position; at < end; at += 8) {
      take(bytes.getLong(at));
    }
    long last = (long) length << 56;
    for (int i = length & 7; i > 0; i--) {
      last |= (bytes.get(end + i - 1) & 0xffL) << (8 * (i - 1));
    }
    take(last);
    v2 ^= 0xee;
    rounds(4);
    high = v0 ^ v1 ^ v2 ^ v3;
    v1 ^= 0xdd;
    rounds(4);
    low = v0 ^ v1 ^ v2 ^ v3;
  }

  private void take(long word) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }

  private void rounds(int count) {
    long a = v0;
    long b = v1;
    long c = v2;
    long d = v3;
    for (int i = 0; i < count; i++) {
      a += b;
      b = Long.rotateLeft(b, 13) ^ a;
      a = Long.rotateLeft(a, 32);
      c += d;
      d = Long.rotateLeft(d, 16) ^ c;
      a += d;
      d = Long.rotateLeft(d, 21) ^ a;
      c += b;
      b = Long.rotateLeft(b, 17) ^ c;
      c = Long.rotateLeft(c, 32);
    }
    v0 = a;
    v1 = b;
    v2 = c;
    v3 = d;
  }
}
