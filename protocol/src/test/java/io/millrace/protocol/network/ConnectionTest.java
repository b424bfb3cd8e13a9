package io.millrace.protocol.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.codec.FrameLimits;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchResponse;
import io.millrace.protocol.message.FetchResponse.FetchableTopicResponse;
import io.millrace.protocol.message.FetchResponse.PartitionData;
import io.millrace.protocol.message.ListOffsetsRequest;
import io.millrace.protocol.message.MetadataRequest;
import io.millrace.protocol.message.MetadataResponse;
import io.millrace.protocol.message.ProduceRequest;
import io.millrace.protocol.message.ResponseMessage;
import io.millrace.protocol.network.ConnectionException.Kind;
import io.millrace.protocol.network.ScriptedPeer.Request;
import io.millrace.protocol.network.ScriptedPeer.Script;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.RecordBatchBuilder;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ConnectionTest {

  private static final NetworkLoops LOOPS = new NetworkLoops("connection-test", 1);
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final ConnectionConfig CONFIG =
      ConnectionConfig.withClientId("tester").withConnectTimeout(Duration.ofSeconds(5));
  private static final MetadataRequest METADATA = MetadataRequest.builder().build();
  private static final ApiKey[] KEYS = {
    ApiKey.API_VERSIONS, ApiKey.METADATA, ApiKey.FETCH, ApiKey.PRODUCE
  };

  @AfterAll
  static void closeLoops() {
    LOOPS.close();
  }

  @Test
  void connect_negotiatesTheHighestCommonVersion() throws Exception {
    try (ScriptedPeer peer =
        answering((request, out) -> ScriptedPeer.write(out, request, metadata("a")))) {
      // when
      Connection connection = connect(peer);
      MetadataResponse answer = connection.send(METADATA, MetadataResponse.class, SOON).get();
      connection.send(METADATA, (short) 9, SOON).get();

      // then
      assertThat(answer.clusterId()).isEqualTo("a");
      assertThat(peer.next())
          .extracting(Request::key, Request::version)
          .containsExactly(ApiKey.API_VERSIONS, (short) 4);
      assertThat(peer.next())
          .extracting(Request::version, Request::clientId)
          .containsExactly((short) 13, "tester");
      assertThat(peer.next().version()).isEqualTo((short) 9);
      connection.close();
      assertThat(connection.closed().get(10, TimeUnit.SECONDS))
          .hasMessageContaining("closed by this side");
      assertThat(connection.isOpen()).isFalse();
    }
  }

  @Test
  void hostName_isLookedUp() throws Exception {
    try (ScriptedPeer peer = answering((request, out) -> {})) {
      Connection connection =
          Connection.connect(LOOPS, "localhost", peer.port(), CONFIG).get(10, TimeUnit.SECONDS);
      assertThat(connection.isOpen()).isTrue();
      connection.close();
    }
  }

  @Test
  void oldPeer_isAskedAgainInTheVersionItKnows() throws Exception {
    for (short known : new short[] {0, 2, 3}) {
      // given: a peer that answers what it does not know in version 0 with error 35, as KIP-511
      // says
      Script old =
          (request, out) -> {
            if (request.version() > known) {
              var answer =
                  known == 0
                      ? ScriptedPeer.versions(ErrorCode.UNSUPPORTED_VERSION)
                      : ScriptedPeer.versions(ErrorCode.UNSUPPORTED_VERSION, ApiKey.API_VERSIONS);
              if (known > 0) {
                answer =
                    answer.toBuilder()
                        .apiKeys(
                            List.of(answer.apiKeys().get(0).toBuilder().maxVersion(known).build()))
                        .build();
              }
              out.write(
                  ScriptedPeer.frame(
                      request.key(),
                      request.version(),
                      (short) 0,
                      request.correlationId(),
                      answer));
            } else {
              ScriptedPeer.write(out, request, ScriptedPeer.versions(ErrorCode.NONE, KEYS));
            }
          };
      try (ScriptedPeer peer = new ScriptedPeer(old)) {
        // when
        Connection connection = connect(peer);

        // then
        assertThat(peer.next().version()).isEqualTo((short) 4);
        assertThat(peer.next().version()).isEqualTo(known);
        assertThat(connection.versions().best(ApiKey.METADATA)).isEqualTo((short) 13);
        connection.close();
      }
    }
  }

  @Test
  void pipelinedRequests_getTheirOwnAnswersInOrder() throws Exception {
    try (ScriptedPeer peer =
        answering(
            (request, out) ->
                ScriptedPeer.write(out, request, metadata("c" + request.correlationId())))) {
      // given
      Connection connection = connect(peer, CONFIG.withMaxInFlight(1000));

      // when: many threads send at once
      List<CompletableFuture<MetadataResponse>> answers =
          Collections.synchronizedList(new ArrayList<>());
      List<Thread> senders = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        Thread sender =
            new Thread(
                () -> {
                  for (int i = 0; i < 100; i++) {
                    answers.add(connection.send(METADATA, MetadataResponse.class, SOON));
                  }
                });
        sender.start();
        senders.add(sender);
      }
      for (Thread sender : senders) {
        sender.join();
      }

      // then
      List<String> got = new ArrayList<>();
      for (CompletableFuture<MetadataResponse> answer : answers) {
        got.add(answer.get(20, TimeUnit.SECONDS).clusterId());
      }
      assertThat(got).hasSize(400).doesNotHaveDuplicates();
      assertThat(connection.inFlight()).isZero();
      connection.close();
    }
  }

  @Test
  void requestOverTheLimitInFlight_failsAtOnceAndNothingIsSent() throws Exception {
    try (ScriptedPeer peer = answering((request, out) -> {})) {
      // given
      Connection connection = connect(peer, CONFIG.withMaxInFlight(2));
      CompletableFuture<ResponseMessage> first = connection.send(METADATA, SOON);
      CompletableFuture<ResponseMessage> second = connection.send(METADATA, SOON);

      // when
      ConnectionException failure = failureOf(connection.send(METADATA, SOON));

      // then
      assertThat(failure.kind()).isEqualTo(Kind.TOO_MANY_IN_FLIGHT);
      assertThat(failure.nothingWasSent()).isTrue();
      assertThat(connection.canSend()).isFalse();
      connection.close();
      assertThat(failureOf(first).kind()).isEqualTo(Kind.CLOSED);
      assertThat(failureOf(second).kind()).isEqualTo(Kind.CLOSED);
      assertThat(connection.inFlight()).isZero();
    }
  }

  @Test
  void requestWithoutAnswerInTime_failsAndClosesTheConnection() throws Exception {
    try (ScriptedPeer peer = answering((request, out) -> {})) {
      // given
      Connection connection = connect(peer);

      // when
      CompletableFuture<ResponseMessage> impatient =
          connection.send(METADATA, Duration.ofMillis(30));
      CompletableFuture<ResponseMessage> behind = connection.send(METADATA, SOON);

      // then
      assertThat(failureOf(impatient).kind()).isEqualTo(Kind.TIMED_OUT);
      assertThat(failureOf(behind).kind()).isEqualTo(Kind.CLOSED);
      assertThat(failureOf(connection.send(METADATA, SOON)).kind()).isEqualTo(Kind.CLOSED);
    }
  }

  @Test
  void peerThatCloses_failsWhatWaits() throws Exception {
    try (ScriptedPeer peer = answering((request, out) -> out.close())) {
      Connection connection = connect(peer);
      assertThat(failureOf(connection.send(METADATA, SOON)).kind()).isEqualTo(Kind.CLOSED);
      assertThat(connection.closed().get(10, TimeUnit.SECONDS).kind()).isEqualTo(Kind.CLOSED);
    }
  }

  @Test
  void malformedAnswers_failTheRequestAndCloseTheConnection() throws Exception {
    assertMalformed((request, out) -> out.write(ByteBuffer.allocate(4).putInt(0).array()));
    assertMalformed((request, out) -> out.write(ByteBuffer.allocate(4).putInt(-1).array()));
    assertMalformed(
        (request, out) -> out.write(ByteBuffer.allocate(4).putInt(Integer.MAX_VALUE).array()));
    assertMalformed((request, out) -> out.write(new byte[] {0, 0, 0, 2, 1, 1}));
    assertMalformed(
        (request, out) ->
            out.write(
                ScriptedPeer.frame(
                    request.key(),
                    request.version(),
                    request.version(),
                    request.correlationId() + 1,
                    metadata("x"))));
    assertMalformed(
        (request, out) -> {
          byte[] frame = frame(request);
          byte[] longer = java.util.Arrays.copyOf(frame, frame.length + 1);
          ByteBuffer.wrap(longer).putInt(0, longer.length - 4);
          out.write(longer);
        });
    assertMalformed(
        (request, out) -> {
          byte[] frame = frame(request);
          ByteBuffer.wrap(frame).putInt(0, frame.length - 6);
          out.write(frame, 0, frame.length - 2);
        });
  }

  @Test
  void mutatedAnswers_neverHangAndNeverBreakTheNextConnection() throws Exception {
    Random random = new Random(7);
    try (ScriptedPeer peer =
        answering(
            (request, out) -> {
              byte[] frame = frame(request);
              for (int i = 0; i < 3; i++) {
                frame[4 + random.nextInt(frame.length - 4)] = (byte) random.nextInt();
              }
              out.write(frame);
            })) {
      for (int i = 0; i < 100; i++) {
        Connection connection = connect(peer);
        CompletableFuture<ResponseMessage> answer = connection.send(METADATA, SOON);
        Throwable failure = catchThrowable(() -> answer.get(10, TimeUnit.SECONDS));
        if (failure != null) {
          assertThat(((ConnectionException) Objects.requireNonNull(failure.getCause())).kind())
              .isEqualTo(Kind.MALFORMED_ANSWER);
        }
        connection.close();
      }
    }
  }

  @Test
  void produceWithoutAcks_completesWithoutAnAnswer() throws Exception {
    try (ScriptedPeer peer =
        answering(
            (request, out) -> {
              if (request.key() == ApiKey.METADATA) {
                ScriptedPeer.write(out, request, metadata("after"));
              }
            })) {
      // given
      Connection connection = connect(peer);

      // when
      CompletableFuture<ResponseMessage> produced =
          connection.send(ProduceRequest.builder().acks((short) 0).timeoutMs(1000).build(), SOON);
      CompletableFuture<MetadataResponse> next =
          connection.send(METADATA, MetadataResponse.class, SOON);

      // then
      assertThat(produced.get(10, TimeUnit.SECONDS).apiKey()).isEqualTo(ApiKey.PRODUCE);
      assertThat(next.get(10, TimeUnit.SECONDS).clusterId()).isEqualTo("after");
      assertThat(connection.inFlight()).isZero();
      connection.close();
    }
  }

  @Test
  void apiThatThePeerDoesNotSpeak_failsAndNothingIsSent() throws Exception {
    try (ScriptedPeer peer = answering((request, out) -> {})) {
      Connection connection = connect(peer);
      ConnectionException failure =
          failureOf(connection.send(ListOffsetsRequest.builder().build(), SOON));
      assertThat(failure.kind()).isEqualTo(Kind.UNSUPPORTED_VERSION);
      assertThat(failure).hasMessageContaining("ListOffsets");
      assertThat(connection.inFlight()).isZero();
      connection.close();
    }
  }

  @Test
  void fetchedRecords_areOnTheHeapUnlessShared() throws Exception {
    MemoryRecords sent =
        new RecordBatchBuilder(1 << 20).append(5, "k".getBytes(UTF), new byte[3000]).build();
    FetchResponse response =
        FetchResponse.builder()
            .responses(
                List.of(
                    FetchableTopicResponse.builder()
                        .topicId(new Uuid(1, 2))
                        .partitions(List.of(PartitionData.builder().records(sent).build()))
                        .build()))
            .build();
    try (ScriptedPeer peer =
        answering((request, out) -> ScriptedPeer.write(out, request, response))) {
      // given
      FetchRequest fetch = FetchRequest.builder().build();

      // when
      Connection copying = connect(peer);
      FetchResponse onHeap =
          copying.send(fetch, FetchResponse.class, SOON).get(10, TimeUnit.SECONDS);
      copying.close();
      Connection sharing = connect(peer, CONFIG.withSharedFrames());
      FetchResponse shared =
          sharing.send(fetch, FetchResponse.class, SOON).get(10, TimeUnit.SECONDS);
      sharing.close();

      // then
      assertThat(records(onHeap)).isEqualTo(sent);
      assertThat(records(onHeap).buffer().hasArray()).isTrue();
      assertThat(records(shared)).isEqualTo(sent);
      assertThat(records(shared).buffer().refCnt()).isPositive();
      shared.release();
    }
  }

  @Test
  void addressWhereNobodyListens_isNotConnected() throws Exception {
    int port;
    try (ScriptedPeer peer = answering((request, out) -> {})) {
      port = peer.port();
    }
    assertThat(failureOf(Connection.connect(LOOPS, "127.0.0.1", port, CONFIG)).kind())
        .isEqualTo(Kind.NOT_CONNECTED);
    assertThat(failureOf(Connection.connect(LOOPS, "127.0.0.1", 0, CONFIG)).kind())
        .isEqualTo(Kind.NOT_CONNECTED);
    assertThat(failureOf(Connection.connect(LOOPS, "no such host", 9092, CONFIG)).kind())
        .isEqualTo(Kind.NOT_CONNECTED);
  }

  @Test
  void peerThatSpeaksHttp_isNotConnected() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            (request, out) -> out.write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(UTF)))) {
      ConnectionConfig config = CONFIG.withLimits(FrameLimits.DEFAULT);
      ConnectionException failure =
          failureOf(Connection.connect(LOOPS, "127.0.0.1", peer.port(), config));
      assertThat(failure.kind()).isEqualTo(Kind.NOT_CONNECTED);
      assertThat(failure).hasMessageContaining("HTTP");
    }
  }

  private static final java.nio.charset.Charset UTF = java.nio.charset.StandardCharsets.UTF_8;

  private static void assertMalformed(Script script) throws Exception {
    try (ScriptedPeer peer = answering(script)) {
      Connection connection = connect(peer, CONFIG.withLimits(FrameLimits.DEFAULT));
      CompletableFuture<ResponseMessage> first = connection.send(METADATA, SOON);
      CompletableFuture<ResponseMessage> second = connection.send(METADATA, SOON);
      assertThat(failureOf(first).kind()).isEqualTo(Kind.MALFORMED_ANSWER);
      failureOf(second);
      assertThat(connection.closed().get(10, TimeUnit.SECONDS).kind())
          .isEqualTo(Kind.MALFORMED_ANSWER);
    }
  }

  private static byte[] frame(Request request) {
    return ScriptedPeer.frame(
        request.key(),
        request.version(),
        request.version(),
        request.correlationId(),
        metadata("cluster"));
  }

  private static MemoryRecords records(FetchResponse response) {
    return (MemoryRecords)
        Objects.requireNonNull(response.responses().get(0).partitions().get(0).records());
  }

  private static MetadataResponse metadata(String clusterId) {
    return MetadataResponse.builder().clusterId(clusterId).build();
  }

  private static ScriptedPeer answering(Script script) throws Exception {
    return new ScriptedPeer(ScriptedPeer.negotiating(script, KEYS));
  }

  private static Connection connect(ScriptedPeer peer) throws Exception {
    return connect(peer, CONFIG);
  }

  private static Connection connect(ScriptedPeer peer, ConnectionConfig config) throws Exception {
    return Connection.connect(LOOPS, "127.0.0.1", peer.port(), config).get(10, TimeUnit.SECONDS);
  }

  private static ConnectionException failureOf(CompletableFuture<?> future) {
    Throwable failure = catchThrowable(() -> future.get(20, TimeUnit.SECONDS));
    assertThat(failure).isInstanceOf(ExecutionException.class);
    assertThat(failure.getCause()).isInstanceOf(ConnectionException.class);
    return (ConnectionException) Objects.requireNonNull(failure.getCause());
  }
}
