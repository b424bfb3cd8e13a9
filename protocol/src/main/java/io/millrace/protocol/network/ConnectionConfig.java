package io.millrace.protocol.network;

import io.millrace.protocol.codec.FrameLimits;
import java.time.Duration;

/**
 * How one side opens connections.
 *
 * @param clientId what the peer's logs and quotas call us
 * @param connectTimeout for the TCP connection and for the negotiation of versions, each
 * @param maxInFlight requests without an answer; a further one fails at once
 * @param limits of answers
 * @param shareFrames true: the records of an answer are slices of pooled network memory, and
 *     whoever receives the answer releases it with {@code Message.release()}, once. False: answers
 *     are copied to the heap as they come, and releasing them is not needed
 * @param softwareName what we call ourselves in the negotiation
 */
public record ConnectionConfig(
    String clientId,
    Duration connectTimeout,
    int maxInFlight,
    FrameLimits limits,
    boolean shareFrames,
    String softwareName,
    String softwareVersion) {

  public ConnectionConfig {
    if (maxInFlight < 1) {
      throw new IllegalArgumentException("maxInFlight " + maxInFlight + " must be at least 1");
    }
  }

  /**
   * Ten seconds, five requests in flight, frames as large as Kafka's brokers send, no frames
   * shared.
   */
  public static ConnectionConfig withClientId(String clientId) {
    return new ConnectionConfig(
        clientId,
        Duration.ofSeconds(10),
        5,
        FrameLimits.DEFAULT.withMaxFrameBytes(Integer.MAX_VALUE - 8),
        false,
        "millrace",
        "0.1.0");
  }

  public ConnectionConfig withConnectTimeout(Duration timeout) {
    return new ConnectionConfig(
        clientId, timeout, maxInFlight, limits, shareFrames, softwareName, softwareVersion);
  }

  public ConnectionConfig withMaxInFlight(int requests) {
    return new ConnectionConfig(
        clientId, connectTimeout, requests, limits, shareFrames, softwareName, softwareVersion);
  }

  public ConnectionConfig withLimits(FrameLimits frameLimits) {
    return new ConnectionConfig(
        clientId,
        connectTimeout,
        maxInFlight,
        frameLimits,
        shareFrames,
        softwareName,
        softwareVersion);
  }

  public ConnectionConfig withSharedFrames() {
    return new ConnectionConfig(
        clientId, connectTimeout, maxInFlight, limits, true, softwareName, softwareVersion);
  }
}
