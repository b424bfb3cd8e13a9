package io.millrace.server.network;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.codec.FrameLimits;
import io.millrace.protocol.codec.MalformedMessageException;
import io.millrace.protocol.codec.WireReader;
import io.millrace.protocol.message.ApiVersionsRequest;
import io.millrace.protocol.message.MessageRegistry;
import io.millrace.protocol.message.RequestHeader;
import io.millrace.protocol.message.RequestMessage;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Turns a frame into a request. Stateless; any thread. */
final class RequestDecoder {
  private static final int FIXED_HEADER_BYTES = 8;

  private final RequestProcessor processor;
  private final FrameLimits limits;
  private final String listener;

  /** A request with what is known of it. */
  record Decoded(RequestContext context, RequestMessage request) {}

  RequestDecoder(RequestProcessor processor, FrameLimits limits, String listener) {
    this.processor = processor;
    this.limits = limits;
    this.listener = listener;
  }

  /**
   * Reads a frame's request. The request's records are retained slices of the frame; the frame
   * stays the caller's.
   *
   * @throws MalformedMessageException when the bytes are not a request that this node understands;
   *     nothing stays retained
   */
  Decoded decode(ByteBuf frame, Peer peer) {
    if (frame.readableBytes() < FIXED_HEADER_BYTES) {
      throw new MalformedMessageException(
          "frame of " + frame.readableBytes() + " bytes is shorter than a request header");
    }
    int start = frame.readerIndex();
    short key = frame.getShort(start);
    short version = frame.getShort(start + 2);
    ApiKey apiKey = ApiKey.forId(key);
    if (apiKey == null) {
      throw new MalformedMessageException("unknown api key " + key);
    }
    if (!processor.accepts(apiKey, version)) {
      return unsupported(apiKey, version, frame.getInt(start + 4), peer);
    }
    WireReader in = new WireReader(frame, limits);
    try {
      RequestHeader header = RequestHeader.read(in, apiKey.requestHeaderVersion(version));
      RequestMessage request = MessageRegistry.readRequest(apiKey, in, version);
      if (in.remaining() > 0) {
        throw new MalformedMessageException(in.remaining() + " bytes follow the request");
      }
      return new Decoded(
          context(apiKey, version, false, header.correlationId(), header.clientId(), peer),
          request);
    } catch (RuntimeException e) {
      in.releaseSlices();
      throw e instanceof MalformedMessageException
          ? new MalformedMessageException(apiKey + " version " + version + ": " + e.getMessage())
          : e;
    }
  }

  private Decoded unsupported(ApiKey apiKey, short version, int correlationId, Peer peer) {
    if (apiKey != ApiKey.API_VERSIONS) {
      throw new MalformedMessageException(apiKey + " version " + version + " is not supported");
    }
    return new Decoded(
        context(apiKey, (short) 0, true, correlationId, null, peer),
        ApiVersionsRequest.builder().build());
  }

  private RequestContext context(
      ApiKey apiKey,
      short version,
      boolean unsupported,
      int correlationId,
      @Nullable String clientId,
      Peer peer) {
    return new RequestContext(
        apiKey, version, unsupported, correlationId, clientId, listener, peer);
  }
}
