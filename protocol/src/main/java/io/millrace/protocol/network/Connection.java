package io.millrace.protocol.network;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.codec.OutboundFrame;
import io.millrace.protocol.codec.UnsupportedFieldException;
import io.millrace.protocol.codec.WireWriter;
import io.millrace.protocol.message.ProduceRequest;
import io.millrace.protocol.message.RequestHeader;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import io.millrace.protocol.network.ConnectionException.Kind;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a broker, from a client or from another broker's fetcher. It knows which versions
 * both sides speak, sends requests without waiting for the answers of earlier ones, and pairs
 * answers with requests.
 *
 * <ul>
 *   <li>Any thread may send; each request is encoded on the thread that sends it, and the message's
 *       records may be given back when {@code send} has returned.
 *   <li>Futures complete on the network loop. Whoever needs more than a few microseconds goes to a
 *       loop of its own.
 *   <li>An answer's records live on the heap and need no release, unless {@link
 *       ConnectionConfig#shareFrames} was chosen: then whoever gets the answer calls {@code
 *       release()} on it, once, when it is done with the records.
 *   <li>At most {@link ConnectionConfig#maxInFlight} requests wait for answers; one more fails at
 *       once with {@link Kind#TOO_MANY_IN_FLIGHT}, and nothing is sent.
 *   <li>A request that is not answered in time fails with {@link Kind#TIMED_OUT} and the connection
 *       closes, for the answers behind it could not come either. Whatever waits when the connection
 *       ends fails with the reason.
 * </ul>
 */
public final class Connection {

  private final Channel channel;
  private final String peer;
  private final ConnectionConfig config;
  private final ConnectionHandler handler;
  private final InFlightPlaces inFlight;
  private final AtomicInteger nextCorrelationId = new AtomicInteger();
  private volatile @Nullable PeerVersions
      versions; // set once, before anybody else gets to see the connection

  Connection(
      Channel channel,
      String peer,
      ConnectionConfig config,
      ConnectionHandler handler,
      InFlightPlaces inFlight) {
    this.channel = channel;
    this.peer = peer;
    this.config = config;
    this.handler = handler;
    this.inFlight = inFlight;
  }

  /**
   * Connects and agrees on versions. Tries every address that the host's name has.
   *
   * @return fails with a {@link ConnectionException} of kind {@link Kind#NOT_CONNECTED}
   */
  public static CompletableFuture<Connection> connect(
      NetworkLoops loops, String host, int port, ConnectionConfig config) {
    return new Connector(loops, host, port, config).connect();
  }

  /** {@code host:port}, as it was asked for. */
  public String peer() {
    return peer;
  }

  /** What the peer speaks. */
  public PeerVersions versions() {
    PeerVersions known = versions;
    if (known == null) {
      throw new IllegalStateException("versions are not negotiated yet, peer=" + peer);
    }
    return known;
  }

  void versions(PeerVersions negotiated) {
    versions = negotiated;
  }

  /** Sends a request in the highest version that both sides speak. */
  public CompletableFuture<ResponseMessage> send(RequestMessage request, Duration timeout) {
    return send(request, Short.MAX_VALUE, timeout);
  }

  /**
   * Sends a request in the highest version that both sides speak, at most {@code maxVersion}. A
   * produce request with acks 0 has no answer: its future completes with an empty response when the
   * bytes are with the operating system.
   */
  public CompletableFuture<ResponseMessage> send(
      RequestMessage request, short maxVersion, Duration timeout) {
    ApiKey key = request.apiKey();
    short version = versions().best(key, maxVersion);
    if (version < 0) {
      return CompletableFuture.failedFuture(
          new ConnectionException(
              Kind.UNSUPPORTED_VERSION,
              "no common version of "
                  + key.apiName()
                  + ": we speak "
                  + key.versions()
                  + ", the peer "
                  + versions().range(key)
                  + ", cap="
                  + maxVersion
                  + " peer="
                  + peer));
    }
    return sendAs(request, version, timeout);
  }

  /** {@link #send(RequestMessage, Duration)} for callers that know the answer's type. */
  public <R extends ResponseMessage> CompletableFuture<R> send(
      RequestMessage request, Class<R> answer, Duration timeout) {
    return send(request, timeout).thenApply(answer::cast);
  }

  CompletableFuture<ResponseMessage> sendAs(
      RequestMessage request, short version, Duration timeout) {
    if (!inFlight.tryTake()) {
      return CompletableFuture.failedFuture(
          new ConnectionException(
              Kind.TOO_MANY_IN_FLIGHT,
              config.maxInFlight() + " requests are in flight already, peer=" + peer));
    }
    boolean expectsAnswer = !(request instanceof ProduceRequest produce && produce.acks() == 0);
    PendingRequest pending =
        new PendingRequest(
            request.apiKey(), version, nextCorrelationId.getAndIncrement(), expectsAnswer);
    OutboundFrame frame;
    try {
      frame = encode(request, pending);
    } catch (UnsupportedFieldException e) {
      inFlight.giveBack();
      return CompletableFuture.failedFuture(
          new ConnectionException(
              Kind.UNSUPPORTED_VERSION,
              request.apiKey().apiName()
                  + " v"
                  + version
                  + " cannot say it: "
                  + e.getMessage()
                  + ", peer="
                  + peer,
              e));
    } catch (RuntimeException e) {
      inFlight.giveBack();
      throw e;
    }
    handler.send(pending, frame, timeout.toNanos());
    return pending.future;
  }

  private OutboundFrame encode(RequestMessage request, PendingRequest pending) {
    WireWriter out = new WireWriter(channel.alloc());
    try {
      RequestHeader header =
          new RequestHeader(
              pending.key.id(), pending.version, pending.correlationId, config.clientId());
      header.write(out, pending.key.requestHeaderVersion(pending.version));
      request.write(out, pending.version);
    } catch (RuntimeException e) {
      out.release();
      throw e;
    }
    return out.finish();
  }

  /** Requests that wait for answers. */
  public int inFlight() {
    return inFlight.taken();
  }

  /** Whether one more request would be taken now. */
  public boolean canSend() {
    return isOpen() && inFlight.isAnyFree();
  }

  public boolean isOpen() {
    return channel.isActive() && !handler.closed().isDone();
  }

  /** Completes, normally and on the network loop, with the reason when the connection has ended. */
  public CompletableFuture<ConnectionException> closed() {
    return handler.closed().copy();
  }

  /** Ends the connection. What waits for an answer fails. */
  public void close() {
    handler.close("closed by this side");
  }

  @Override
  public String toString() {
    return "Connection(" + peer + ", inFlight=" + inFlight() + (isOpen() ? "" : ", closed") + ")";
  }
}
