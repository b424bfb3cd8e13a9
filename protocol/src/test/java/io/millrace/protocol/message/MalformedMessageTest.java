package io.millrace.protocol.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.millrace.protocol.codec.FrameLimits;
import io.millrace.protocol.codec.MalformedMessageException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Bytes that no honest peer sends: the only outcome besides a message is {@link
 * MalformedMessageException}.
 */
class MalformedMessageTest {

  private static final long SEED = Long.getLong("millrace.seed", 20261122);
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /**
   * Objects per byte are few: the smallest element takes a byte on the wire, and a record some
   * dozens in memory.
   */
  private static final int ALLOCATED_PER_BYTE = 512;

  /**
   * Exceptions with their traces, class initialisation, lists of the first capacity at several
   * levels.
   */
  private static final int ALLOCATED_ANYWAY = 4 << 20;

  static List<OurMessage> messages() {
    return OurMessage.all();
  }

  @ParameterizedTest
  @MethodSource("messages")
  void truncatedMessage_isRefused(OurMessage message) {
    for (short version : versions(message)) {
      byte[] whole = sample(message, version, SEED);
      int step = Math.max(1, whole.length / 100);
      for (int length = 0; length < whole.length; length += step) {
        ByteBuf frame = Unpooled.wrappedBuffer(whole, 0, length);
        assertThatThrownBy(() -> message.read(frame, FrameLimits.DEFAULT, version))
            .as("%s version %s cut to %s of %s", message, version, length, whole.length)
            .isInstanceOf(MalformedMessageException.class);
        assertThat(frame.refCnt()).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("messages")
  void mutatedMessage_isReadOrRefused_withoutLeakOrHugeAllocation(OurMessage message) {
    Random random = new Random(SEED);
    for (short version : versions(message)) {
      byte[] whole = sample(message, version, SEED + version);
      for (int i = 0; i < 60 && whole.length > 0; i++) {
        byte[] mutated = mutate(random, whole);
        ByteBuf frame = Unpooled.wrappedBuffer(mutated);
        long before = THREADS.getCurrentThreadAllocatedBytes();
        try {
          message.read(frame, FrameLimits.DEFAULT, version).release();
        } catch (MalformedMessageException expected) {
          // One of the two good outcomes.
        } catch (RuntimeException e) {
          throw new AssertionError(message + " " + version + " " + ByteBufUtil.hexDump(mutated), e);
        }
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        assertThat(frame.refCnt()).as("%s version %s", message, version).isEqualTo(1);
        assertThat(allocated)
            .as("%s version %s from %s", message, version, ByteBufUtil.hexDump(mutated))
            .isLessThan(ALLOCATED_ANYWAY + (long) ALLOCATED_PER_BYTE * mutated.length);
      }
    }
  }

  private static byte[] mutate(Random random, byte[] whole) {
    byte[] mutated = whole.clone();
    for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
      int at = random.nextInt(mutated.length);
      switch (random.nextInt(4)) {
        case 0 -> mutated[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> mutated[at] = (byte) random.nextInt();
        case 2 -> fill(mutated, at, (byte) 0xff);
        default -> fill(mutated, at, (byte) 0x7f);
      }
    }
    return mutated;
  }

  private static void fill(byte[] bytes, int from, byte value) {
    for (int i = from; i < Math.min(from + 4, bytes.length); i++) {
      bytes[i] = value;
    }
  }

  private static byte[] sample(OurMessage message, short version, long seed) {
    RandomMessage random = new RandomMessage(seed);
    return OurMessage.write(random.next(message.type(), message.kafka().schema(version)), version);
  }

  private static List<Short> versions(OurMessage message) {
    short low = message.kafka().lowest();
    short high = message.kafka().highest();
    return low == high ? List.of(low) : List.of(low, (short) ((low + high + 1) / 2), high);
  }
}
