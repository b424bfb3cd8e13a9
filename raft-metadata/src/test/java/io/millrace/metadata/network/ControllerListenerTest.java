package io.millrace.metadata.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.ThreadEventLoop;
import io.millrace.metadata.controller.ConfigValidator;
import io.millrace.metadata.controller.Controller;
import io.millrace.metadata.controller.ControllerConfig;
import io.millrace.metadata.kv.AppliedLog;
import io.millrace.metadata.kv.KvView;
import io.millrace.metadata.kv.MetadataLog;
import io.millrace.metadata.kv.MetadataLogListener;
import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.kv.proto.KvBatch;
import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.KvResult;
import io.millrace.metadata.network.proto.Request;
import io.millrace.metadata.network.proto.Response;
import io.millrace.metadata.quorum.VoterAddress;
import io.millrace.metadata.quorum.proto.JoinAnswer;
import io.millrace.metadata.quorum.proto.JoinRequest;
import io.millrace.metadata.quorum.proto.VoterStatus;
import io.millrace.metadata.request.CreateTopics;
import io.millrace.metadata.request.CreateTopics.NewTopic;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.network.NetworkLoops;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ControllerListenerTest {

  private final NetworkLoops loops = new NetworkLoops("test-network", 1);
  private final ThreadEventLoop loop =
      new ThreadEventLoop(
          "test-controller", Clock.system(), (on, failure) -> failure.printStackTrace());
  private final OneNodeLog log = new OneNodeLog();
  private final Controller controller =
      new Controller(
          log,
          loop,
          Clock.system(),
          new SplittableRandom(1),
          ControllerConfig.DEFAULTS,
          ConfigValidator.PERMISSIVE);
  private final AtomicReference<@Nullable InetSocketAddress> raft = new AtomicReference<>();
  private final ControllerListener listener =
      new ControllerListener(loops, new Service(), Clock.system(), 10);
  private InetSocketAddress address = new InetSocketAddress(0);

  @BeforeEach
  void start() throws Exception {
    controller.start();
    log.applied.leaderReady(1);
    address =
        listener
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .get(10, TimeUnit.SECONDS);
  }

  @AfterEach
  void stop() throws Exception {
    listener.close();
    controller.close();
    loop.close();
    loops.shutdown().get(10, TimeUnit.SECONDS);
  }

  @Test
  void strangers_areClosed_andTheNextIsServed() throws Exception {
    SplittableRandom random = new SplittableRandom(3);
    byte[] noise = new byte[300];
    random.nextBytes(noise);
    noise[0] = 1;
    List<byte[]> openings =
        List.of(
            noise,
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
            new byte[] {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, (byte) 0xfc},
            "MILLRAC2........".getBytes(StandardCharsets.US_ASCII),
            frame(-1, new byte[0]),
            frame(0, new byte[0]),
            frame(Integer.MAX_VALUE, new byte[10]),
            frame(20, Arrays.copyOf(noise, 20)),
            frame(2, new byte[] {8, 1}), // a request of no kind
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII)); // while Ratis does not run

    for (byte[] opening : openings) {
      assertThat(closedAfter(opening))
          .as(new String(opening, StandardCharsets.ISO_8859_1))
          .isTrue();
      assertServes();
    }
  }

  @Test
  void http2_goesToRatis_andBack_unchanged() throws Exception {
    try (ServerSocket echo = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      raft.set((InetSocketAddress) echo.getLocalSocketAddress());
      CompletableFuture<Void> echoing = CompletableFuture.runAsync(() -> echoOne(echo));
      byte[] data = new byte[4 << 20];
      new SplittableRandom(5).nextBytes(data);
      System.arraycopy("PRI * HTTP/2.0".getBytes(StandardCharsets.US_ASCII), 0, data, 0, 14);

      try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
        socket.setSoTimeout(10_000);
        CompletableFuture<Void> writing =
            CompletableFuture.runAsync(
                () -> {
                  try {
                    socket.getOutputStream().write(data);
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                });
        assertThat(socket.getInputStream().readNBytes(data.length)).isEqualTo(data);
        writing.get(10, TimeUnit.SECONDS);
      }
      echoing.get(10, TimeUnit.SECONDS);
      assertServes();
    }
  }

  @Test
  void inactiveController_hintsAtTheLeader() throws Exception {
    log.leader = 9;
    log.applied.notLeader(1);

    try (VoterConnection connection = connect()) {
      Response response =
          connection.call(createTopic("t"), 5_000_000_000L).get(10, TimeUnit.SECONDS);
      assertThat(response.getUnavailable().getLeaderId()).isEqualTo(9);
    }
  }

  private void assertServes() throws Exception {
    try (VoterConnection connection = connect()) {
      Response response =
          connection.call(createTopic("t"), 5_000_000_000L).get(10, TimeUnit.SECONDS);
      CreateTopics.Response answer = (CreateTopics.Response) ResponseReader.decode(response);
      assertThat(answer.topics().get(0).result().error())
          .isEqualTo(ErrorCode.INVALID_REPLICATION_FACTOR);
    }
  }

  private static Request.Builder createTopic(String name) {
    return RequestCodec.encode(new CreateTopics(List.of(new NewTopic(name, 1, 1)), false));
  }

  private VoterConnection connect() throws Exception {
    VoterAddress voter = new VoterAddress(1, address.getHostString(), address.getPort());
    return VoterConnection.connect(loops, voter, Duration.ofSeconds(5)).get(10, TimeUnit.SECONDS);
  }

  private boolean closedAfter(byte[] opening) throws IOException {
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.setSoTimeout(5_000);
      new DataOutputStream(socket.getOutputStream()).write(opening);
      try {
        return socket.getInputStream().read() == -1;
      } catch (SocketException reset) {
        return true;
      }
    }
  }

  private static byte[] frame(int length, byte[] body) {
    return ByteBuffer.allocate(12 + body.length)
        .put(ControllerProtocol.MAGIC)
        .putInt(length)
        .put(body)
        .array();
  }

  private static void echoOne(ServerSocket server) {
    try (Socket socket = server.accept()) {
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[8_192];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        socket.getOutputStream().write(buffer, 0, read);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private final class Service implements VoterService {
    @Override
    public @Nullable InetSocketAddress raftAddress() {
      return raft.get();
    }

    @Override
    public VoterStatus voterStatus() {
      return VoterStatus.getDefaultInstance();
    }

    @Override
    public CompletableFuture<JoinAnswer> admit(JoinRequest request) {
      return CompletableFuture.completedFuture(JoinAnswer.getDefaultInstance());
    }

    @Override
    public MetadataLog log() {
      return log;
    }

    @Override
    public Controller controller() {
      return controller;
    }
  }

  /** A quorum of one that agrees with itself at once. */
  private static final class OneNodeLog implements MetadataLog {
    final AppliedLog applied = new AppliedLog(100);
    volatile int leader = 1;

    @Override
    public CompletableFuture<KvResult> propose(KvCommand command) {
      return CompletableFuture.completedFuture(
          applied.apply(1, KvBatch.newBuilder().addCommands(command).build()).getResults(0));
    }

    @Override
    public Subscription subscribe(long afterRevision, MetadataLogListener follower) {
      return applied.subscribe(afterRevision, follower);
    }

    @Override
    public KvView view() {
      return applied.view();
    }

    @Override
    public CompletableFuture<KvView> latestView() {
      return CompletableFuture.completedFuture(applied.view());
    }

    @Override
    public QuorumStatus status() {
      return new QuorumStatus(
          1, leader, leader == 1, 1, 0, 0, applied.view().revision(), List.of());
    }
  }
}
