package io.millrace.protocol.network;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ApiVersionsRequest;
import io.millrace.protocol.message.ApiVersionsResponse;
import io.millrace.protocol.message.ResponseMessage;
import io.millrace.protocol.network.ConnectionException.Kind;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Makes one {@link Connection}: looks the name up, tries its addresses in turn, negotiates
 * versions. Used once.
 */
final class Connector {

  /**
   * The newest ApiVersions that brokers in the field answer; a broker that does not know it says
   * what it knows.
   */
  private static final short FIRST_ASKED = 4;

  private final NetworkLoops loops;
  private final String host;
  private final int port;
  private final ConnectionConfig config;
  private final String peer;
  private final CompletableFuture<Connection> result = new CompletableFuture<>();

  Connector(NetworkLoops loops, String host, int port, ConnectionConfig config) {
    this.loops = loops;
    this.host = host;
    this.port = port;
    this.config = config;
    this.peer = host + ":" + port;
  }

  CompletableFuture<Connection> connect() {
    if (port < 1 || port > 65_535) {
      fail("port is not within 1 and 65535", null);
      return result;
    }
    byte[] literal = NetUtil.createByteArrayFromIpAddressString(host);
    try {
      if (literal != null) {
        tryAddress(new InetAddress[] {InetAddress.getByAddress(host, literal)}, 0);
      } else {
        loops.resolver().execute(this::lookUp);
      }
    } catch (UnknownHostException | RejectedExecutionException e) {
      fail(String.valueOf(e.getMessage()), e);
    }
    return result;
  }

  private void lookUp() {
    try {
      tryAddress(InetAddress.getAllByName(host), 0);
    } catch (UnknownHostException e) {
      fail("host is unknown", e);
    } catch (RuntimeException e) {
      fail(String.valueOf(e.getMessage()), e);
    }
  }

  private void tryAddress(InetAddress[] addresses, int index) {
    InFlightPlaces inFlight = new InFlightPlaces(config.maxInFlight());
    ConnectionHandler handler = new ConnectionHandler(peer, config, inFlight);
    ChannelFuture connecting =
        new Bootstrap()
            .group(loops.group())
            .channel(loops.channelType())
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_KEEPALIVE, true)
            .option(
                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                (int) Math.min(Integer.MAX_VALUE, config.connectTimeout().toMillis()))
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            new FrameDecoder(config.limits()),
                            OutboundFrameWriter.INSTANCE,
                            handler);
                  }
                })
            .connect(new InetSocketAddress(addresses[index], port));
    connecting.addListener(
        done -> {
          if (done.isSuccess()) {
            negotiate(
                new Connection(connecting.channel(), peer, config, handler, inFlight), FIRST_ASKED);
          } else if (index + 1 < addresses.length) {
            tryAddress(addresses, index + 1);
          } else {
            fail(String.valueOf(done.cause().getMessage()), done.cause());
          }
        });
  }

  private void negotiate(Connection connection, short version) {
    ApiVersionsRequest request =
        ApiVersionsRequest.builder()
            .clientSoftwareName(config.softwareName())
            .clientSoftwareVersion(config.softwareVersion())
            .build();
    connection
        .sendAs(request, version, config.connectTimeout())
        .whenComplete(
            (response, failure) -> {
              if (failure != null) {
                Throwable cause =
                    failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
                connection.close();
                fail(
                    "versions were not negotiated: "
                        + (cause == null ? failure : cause).getMessage(),
                    cause);
              } else {
                onVersions(connection, version, response);
              }
            });
  }

  private void onVersions(Connection connection, short asked, ResponseMessage message) {
    ApiVersionsResponse response = (ApiVersionsResponse) message;
    PeerVersions versions = PeerVersions.of(response);
    if (response.errorCode() == ErrorCode.UNSUPPORTED_VERSION.code() && asked > 0) {
      short best = versions.best(ApiKey.API_VERSIONS, (short) (asked - 1));
      negotiate(connection, best < 0 ? 0 : best); // falls with every round, hence ends
      return;
    }
    if (response.errorCode() != ErrorCode.NONE.code()) {
      connection.close();
      fail("versions were not negotiated: " + ErrorCode.forCode(response.errorCode()), null);
      return;
    }
    connection.versions(versions);
    if (!result.complete(connection)) {
      connection.close(); // the caller gave up
    }
  }

  private void fail(String why, @Nullable Throwable cause) {
    result.completeExceptionally(
        new ConnectionException(
            Kind.NOT_CONNECTED, "cannot connect to " + peer + ": " + why, cause));
  }
}
