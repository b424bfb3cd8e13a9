package io.millrace.protocol;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.SplittableRandom;

/**
 * A 128-bit identifier, as the Kafka protocol has it: topic ids, directory ids. Prints as Kafka
 * prints it, in URL-safe base64 without padding, 22 characters.
 */
public record Uuid(long mostSignificantBits, long leastSignificantBits)
    implements Comparable<Uuid> {

  /** All zero: "no id" on the wire. */
  public static final Uuid ZERO = new Uuid(0, 0);

  /**
   * A random (version 4) id whose text does not begin with a dash, which command lines would take
   * for a flag.
   *
   * @param random the source; seeded in the simulation
   */
  public static Uuid random(SplittableRandom random) {
    while (true) {
      long most = (random.nextLong() & 0xffff_ffff_ffff_0fffL) | 0x4000L;
      long least = (random.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
      Uuid uuid = new Uuid(most, least);
      if (!uuid.toString().startsWith("-")) {
        return uuid;
      }
    }
  }

  /**
   * Reads the form that {@link #toString} writes.
   *
   * @throws IllegalArgumentException when the text is not 22 characters of URL-safe base64
   */
  public static Uuid parse(String text) {
    if (text.length() != 22) {
      throw new IllegalArgumentException(
          "id '" + text + "' has " + text.length() + " characters, expected 22 of base64url");
    }
    ByteBuffer bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
    return new Uuid(bytes.getLong(), bytes.getLong());
  }

  @Override
  public int compareTo(Uuid other) {
    int most = Long.compareUnsigned(mostSignificantBits, other.mostSignificantBits);
    return most != 0
        ? most
        : Long.compareUnsigned(leastSignificantBits, other.leastSignificantBits);
  }

  @Override
  public String toString() {
    byte[] bytes =
        ByteBuffer.allocate(16).putLong(mostSignificantBits).putLong(leastSignificantBits).array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
