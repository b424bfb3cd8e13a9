package io.millrace.protocol.codec;

/**
 * How much one incoming frame may cost us.
 *
 * @param maxFrameBytes a longer frame is refused before it is buffered
 * @param maxElements array elements over the whole message; bounds the objects that a small frame
 *     can make us allocate
 */
public record FrameLimits(int maxFrameBytes, int maxElements) {

  /** 100 MiB like Kafka's {@code socket.request.max.bytes}, and four million elements. */
  public static final FrameLimits DEFAULT = new FrameLimits(100 << 20, 4_000_000);

  public FrameLimits {
    if (maxFrameBytes <= 0 || maxElements <= 0) {
      throw new IllegalArgumentException(
          "limits must be positive: maxFrameBytes="
              + maxFrameBytes
              + " maxElements="
              + maxElements);
    }
  }

  /** The same limits with another frame size. */
  public FrameLimits withMaxFrameBytes(int bytes) {
    return new FrameLimits(bytes, maxElements);
  }
}
