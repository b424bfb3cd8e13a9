package io.millrace.metadata.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.metadata.kv.NotLeaderException;
import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.KvResult;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ProposalsTest {

  /** The submitting thread holds a proposal in its hands while it waits for an entry's end. */
  @Test
  void close_whileEntriesAreUnderWay_answersEveryProposalThatDidNotLeave() throws Exception {
    // given: a server that never answers, and as many entries as may be under way
    CountDownLatch underWay = new CountDownLatch(Proposals.MAX_IN_FLIGHT);
    RaftServer server =
        (RaftServer)
            Proxy.newProxyInstance(
                RaftServer.class.getClassLoader(),
                new Class<?>[] {RaftServer.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("submitClientRequestAsync")) {
                    underWay.countDown();
                    return new CompletableFuture<>();
                  }
                  return RaftPeerId.valueOf("n1");
                });
    Proposals proposals = new Proposals(server, RaftGroupId.randomId(), 1, () -> -1);
    proposals.start();
    while (underWay.getCount() > 0) {
      long before = underWay.getCount();
      proposals.propose(KvCommand.getDefaultInstance());
      while (underWay.getCount() == before) {
        Thread.onSpinWait();
      }
    }
    List<CompletableFuture<KvResult>> waiting = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      waiting.add(proposals.propose(KvCommand.getDefaultInstance()));
    }

    // when
    proposals.close();

    // then
    for (CompletableFuture<KvResult> answer : waiting) {
      assertThatThrownBy(() -> answer.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(NotLeaderException.class);
    }
    assertThat(proposals.propose(KvCommand.getDefaultInstance())).isCompletedExceptionally();
  }
}
