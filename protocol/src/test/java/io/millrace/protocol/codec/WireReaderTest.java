package io.millrace.protocol.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WireReaderTest {

  @ParameterizedTest
  @CsvSource({"00, 0", "7f, 127", "8001, 128", "ffff03, 65535", "ffffffff0f, -1"})
  void unsignedVarint_isReadInGroupsOfSeven(String bytes, int value) {
    assertThat(reader(bytes).readUnsignedVarint()).isEqualTo(value);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "80", "ffffffff10", "ffffffffff01", "8080808080"})
  void unsignedVarintThatIsCutOrTooLong_isRefused(String bytes) {
    assertMalformed(() -> reader(bytes).readUnsignedVarint());
  }

  @ParameterizedTest
  @ValueSource(strings = {"00000001", "7fffffff", "fffffffe", "80000000"})
  void arrayLengthThatLies_isRefusedBeforeAllocation(String length) {
    assertMalformed(() -> reader(length).readNullableArrayLength(false));
  }

  @Test
  void compactArrayLengthOfTwoToThe32_isRefused() {
    assertMalformed(() -> reader("ffffffff0f").readNullableArrayLength(true));
  }

  @ParameterizedTest
  @ValueSource(strings = {"7fff", "0001", "fffe", "8000"})
  void stringLengthThatLies_isRefused(String length) {
    assertMalformed(() -> reader(length).readNullableString(false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"7fffffff", "00000001", "fffffffe"})
  void bytesLengthThatLies_isRefused(String length) {
    assertMalformed(() -> reader(length).readNullableBytes(false));
    assertMalformed(() -> reader(length).readSlice(false));
  }

  @Test
  void null_isAcceptedOnlyWhereAllowed() {
    assertThat(reader("ffff").readNullableString(false)).isNull();
    assertThat(reader("00").readNullableBytes(true)).isNull();
    assertMalformed(() -> reader("ffff").readString(false));
    assertMalformed(() -> reader("00").readBytes(true));
    assertMalformed(() -> reader("00").readArrayLength(true));
  }

  @Test
  void elementsOfAllArraysTogether_areLimited() {
    WireReader in =
        new WireReader(
            Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump("03040401020304")),
            new FrameLimits(100, 4));

    assertThat(in.readArrayLength(true)).isEqualTo(2);
    assertMalformed(() -> in.readArrayLength(true));
  }

  @Test
  void taggedFieldLongerThanTheRest_isRefused() {
    assertMalformed(() -> reader("0a01").beginTaggedField());
    assertMalformed(() -> reader("ffffffff0f").beginTaggedField());
  }

  @Test
  void taggedFieldThatReadsPastItsLength_isRefused() {
    WireReader in = reader("0101020304");

    int end = in.beginTaggedField();
    in.readInt();

    assertMalformed(() -> in.endTaggedField(end));
  }

  @Test
  void slice_isRetained_andGivenBackAfterFailure() {
    ByteBuf frame = Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump("0000000201020304"));
    WireReader in = new WireReader(frame);

    in.readSlice(false);
    assertThat(frame.refCnt()).isEqualTo(2);
    in.releaseSlices();

    assertThat(frame.refCnt()).isEqualTo(1);
  }

  private static WireReader reader(String hex) {
    return new WireReader(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex)));
  }

  private static void assertMalformed(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(MalformedMessageException.class);
  }
}
