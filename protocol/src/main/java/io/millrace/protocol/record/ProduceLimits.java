package io.millrace.protocol.record;

/**
 * What a topic and a request version allow in a produce payload.
 *
 * @param maxBatchBytes {@code max.message.bytes}: a batch that is larger on the wire is refused
 * @param maxDecompressedBytes a batch whose records become larger is refused
 * @param zstdAllowed false for Produce before version 7, whose consumers may not know zstd
 * @param keysRequired true for a compacted topic
 */
public record ProduceLimits(
    int maxBatchBytes, int maxDecompressedBytes, boolean zstdAllowed, boolean keysRequired) {

  public ProduceLimits {
    if (maxBatchBytes < 0 || maxDecompressedBytes < 0) {
      throw new IllegalArgumentException(
          "limits must not be negative: maxBatchBytes="
              + maxBatchBytes
              + " maxDecompressedBytes="
              + maxDecompressedBytes);
    }
  }

  /** A batch limit, everything else allowed. */
  public static ProduceLimits ofBatchBytes(int maxBatchBytes) {
    return new ProduceLimits(
        maxBatchBytes, Compression.DEFAULT_MAX_DECOMPRESSED_BYTES, true, false);
  }
}
