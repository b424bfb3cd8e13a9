package io.millrace.log.compact;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class KeyHashTest {

  /** Vectors of the reference implementation: secret 00 01 .. 0f, message 00 01 .. (n-1). */
  @ParameterizedTest
  @CsvSource({
    "0, a3817f04ba25a8e66df67214c7550293",
    "1, da87c1d86b99af44347659119b22fc45",
    "2, 8177228da4a45dc7fca38bdef60affe4"
  })
  void hash_isSipHash128(int length, String expected) {
    KeyHash hash = new KeyHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);
    ByteBuffer message = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < length; i++) {
      message.put(5 + i, (byte) i);
    }

    hash.of(message, 5, length);

    ByteBuffer result = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    result.putLong(hash.high()).putLong(hash.low());
    assertThat(HexFormat.of().formatHex(result.array())).isEqualTo(expected);
  }
}
