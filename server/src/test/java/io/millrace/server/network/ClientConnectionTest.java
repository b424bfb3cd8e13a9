package io.millrace.server.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.concurrent.Clock;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.codec.FrameLimits;
import io.millrace.protocol.codec.WireWriter;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.ProduceRequest;
import io.millrace.protocol.message.RequestHeader;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.network.FrameDecoder;
import io.millrace.server.metrics.ServerMetrics;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class ClientConnectionTest {

  private static final short PRODUCE_VERSION = 9;
  private static final short FETCH_VERSION = 12;

  private final List<CompletableFuture<Reply>> answers = new ArrayList<>();
  private final List<Peer> peers = new ArrayList<>();
  private final List<String> heard = new ArrayList<>();
  private final MemoryBudget budget = new MemoryBudget(10);
  private final RequestProcessor never =
      new RequestProcessor() {
        @Override
        public boolean accepts(ApiKey apiKey, short version) {
          return true;
        }

        @Override
        public CompletableFuture<Reply> process(RequestContext context, RequestMessage request) {
          CompletableFuture<Reply> answer = new CompletableFuture<>();
          answers.add(answer);
          peers.add(context.peer());
          heard.add("request");
          return answer;
        }
      };

  @Test
  void producer_isNotReadWhileTheMemoryIsUsedUp() {
    EmbeddedChannel producer = connect();

    producer.writeInbound(produce());

    assertThat(budget.isExhausted()).isTrue();
    assertThat(producer.config().isAutoRead()).isFalse();
    answers.get(0).complete(Reply.NONE);
    producer.runPendingTasks();
    assertThat(producer.config().isAutoRead()).isTrue();
    assertThat(budget.used()).isZero();
  }

  @Test
  void follower_isReadWhileProducesThatWaitForItUseTheMemory() {
    // given
    EmbeddedChannel producer = connect();
    EmbeddedChannel follower = connect();
    producer.writeInbound(produce());
    assertThat(budget.isExhausted()).isTrue();

    // when
    follower.writeInbound(fetch());

    // then
    assertThat(answers).hasSize(2);
    assertThat(follower.config().isAutoRead()).isTrue();
  }

  @Test
  void connectionThatEnds_givesItsMemoryBack() {
    EmbeddedChannel producer = connect();
    producer.writeInbound(produce(), produce());

    producer.close();
    producer.runPendingTasks();

    assertThat(budget.used()).isZero();
    answers.forEach(answer -> answer.complete(Reply.NONE));
    producer.runPendingTasks();
    assertThat(budget.used()).isZero();
  }

  @Test
  void largeFramesThatNeverEnd_areNotGatheredBeyondTheMemory() {
    // given
    EmbeddedChannel first = connect();
    EmbeddedChannel second = connect();

    // when
    first.writeInbound(beginOf(1_000_000));
    second.writeInbound(beginOf(1_000_000));

    // then: the first is read to its end, the second waits
    assertThat(budget.used()).isEqualTo(1_000_000);
    assertThat(first.config().isAutoRead()).isTrue();
    assertThat(second.config().isAutoRead()).isFalse();
    first.close();
    first.runPendingTasks();
    second.runPendingTasks();
    assertThat(second.config().isAutoRead()).isTrue();
    assertThat(budget.used()).isEqualTo(1_000_000);
    second.close();
    second.runPendingTasks();
    assertThat(budget.used()).isZero();
  }

  @Test
  void peerThatCloses_isNoticedOncePerKey() {
    EmbeddedChannel client = connect();
    client.writeInbound(fetch());
    peers.get(0).whenGone("a", () -> heard.add("gone too early"));
    peers.get(0).whenGone("a", () -> heard.add("gone"));

    client.close();
    client.runPendingTasks();

    assertThat(heard).containsExactly("request", "gone");
  }

  @Test
  void connectionThatThisNodeCloses_saysNothingOfThePeer() {
    EmbeddedChannel client = connect();
    client.writeInbound(fetch());
    peers.get(0).whenGone("a", () -> heard.add("gone"));

    answers.get(0).completeExceptionally(new IllegalStateException("planted"));
    client.runPendingTasks();

    assertThat(client.isOpen()).isFalse();
    assertThat(heard).containsExactly("request");
  }

  @Test
  void nextRequest_isToldBeforeItIsHandled() {
    EmbeddedChannel client = connect();
    client.writeInbound(fetch());
    peers.get(0).whenNextRequestArrives(asked -> heard.add("next: " + asked));

    client.writeInbound(fetch(), fetch());

    assertThat(heard).containsExactly("request", "next: FETCH", "request", "request");
  }

  private static ByteBuf beginOf(int length) {
    return Unpooled.buffer().writeInt(length).writeBytes(new byte[100]);
  }

  private EmbeddedChannel connect() {
    ListenerContext shared =
        new ListenerContext(
            never,
            budget,
            100,
            new RateLimitedLog(LoggerFactory.getLogger(ClientConnectionTest.class), Clock.system()),
            new ServerMetrics(),
            Clock.system());
    FrameDecoder frames = new FrameDecoder(FrameLimits.DEFAULT);
    return new EmbeddedChannel(
        frames,
        new ClientConnection(
            shared,
            new Peer("a test", Runnable::run),
            new RequestDecoder(never, FrameLimits.DEFAULT, "CLIENTS"),
            frames::arrivingFrameBytes));
  }

  private static ByteBuf produce() {
    return frame(ProduceRequest.builder().acks((short) -1).build(), PRODUCE_VERSION);
  }

  private static ByteBuf fetch() {
    return frame(FetchRequest.builder().replicaId(2).build(), FETCH_VERSION);
  }

  private static ByteBuf frame(RequestMessage request, short version) {
    WireWriter out = new WireWriter(Unpooled.buffer().alloc(), 64);
    ApiKey key = request.apiKey();
    RequestHeader.builder()
        .requestApiKey(key.id())
        .requestApiVersion(version)
        .correlationId(1)
        .clientId("test")
        .build()
        .write(out, key.requestHeaderVersion(version));
    request.write(out, version);
    return (ByteBuf) out.finish().pieces().get(0);
  }
}
