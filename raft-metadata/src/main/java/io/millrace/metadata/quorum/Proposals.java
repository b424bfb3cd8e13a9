package io.millrace.metadata.quorum;

import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.metadata.kv.KvLimits;
import io.millrace.metadata.kv.NotLeaderException;
import io.millrace.metadata.kv.OutcomeUnknownException;
import io.millrace.metadata.kv.proto.KvBatch;
import io.millrace.metadata.kv.proto.KvBatchResult;
import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.KvResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.jspecify.annotations.Nullable;

/**
 * Carries proposals into the log through this node's own Ratis server. One submitting thread,
 * because Ratis blocks its caller for two thread hand-offs: while it is blocked, or while {@link
 * #MAX_IN_FLIGHT} entries are under way, what waits gathers, and goes into the next entry together.
 *
 * <p>Bounds: {@link #MAX_WAITING} proposals wait; one more is refused. An entry holds at most
 * {@link #MAX_COMMANDS_PER_ENTRY} commands and about {@link #MAX_BYTES_PER_ENTRY} bytes.
 */
final class Proposals implements AutoCloseable {

  static final int MAX_WAITING = 16_384;
  static final int MAX_COMMANDS_PER_ENTRY = 512;
  static final int MAX_BYTES_PER_ENTRY = 1 << 20;
  static final int MAX_IN_FLIGHT = 4;
  private static final long PATIENCE_SECONDS = 30;

  private final RaftServer server;
  private final RaftGroupId group;
  private final IntSupplier leaderId;
  private final ClientId clientId = ClientId.randomId();
  private final BlockingQueue<Proposal> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
  private final Semaphore inFlight = new Semaphore(MAX_IN_FLIGHT);
  private final Set<Long> entered = ConcurrentHashMap.newKeySet();
  private final Thread thread;
  private volatile boolean closed;
  // Submitting thread only.
  private long nextCallId;
  private @Nullable Proposal leftOver;

  Proposals(RaftServer server, RaftGroupId group, int nodeId, IntSupplier leaderId) {
    this.server = server;
    this.group = group;
    this.leaderId = leaderId;
    this.thread = new Thread(this::run, "metadata-proposals-" + nodeId);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  CompletableFuture<KvResult> propose(KvCommand command) {
    int size = command.getSerializedSize();
    if (size > KvLimits.MAX_COMMAND_BYTES) {
      return CompletableFuture.completedFuture(
          KvResult.newBuilder()
              .setStatus(KvResult.Status.INVALID)
              .setReason("command of " + size + " bytes, allowed are " + KvLimits.MAX_COMMAND_BYTES)
              .build());
    }
    Proposal proposal = new Proposal(command, size, new CompletableFuture<>());
    if (closed || !waiting.offer(proposal)) {
      proposal.answer.completeExceptionally(
          refused(closed ? "shutting down" : MAX_WAITING + " proposals wait already"));
    } else if (closed) {
      refuseWaiting();
    }
    return proposal.answer;
  }

  /**
   * Ratis accepted the request as leader: from here on it may be applied, whatever the answer says.
   * Any thread.
   */
  void onEntered(RaftClientRequest request) {
    if (request.getClientId().equals(clientId)) {
      entered.add(request.getCallId());
    }
  }

  private void run() {
    try {
      while (!closed) {
        List<Proposal> batch = nextBatch();
        try {
          inFlight.acquire();
        } catch (InterruptedException e) {
          batch.forEach(one -> one.answer.completeExceptionally(refused("shutting down")));
          throw e;
        }
        // What came while all permits were taken goes along.
        fill(batch);
        submit(batch);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      refuseWaiting();
    }
  }

  private List<Proposal> nextBatch() throws InterruptedException {
    List<Proposal> batch = new ArrayList<>();
    Proposal first = leftOver;
    leftOver = null;
    batch.add(first != null ? first : waiting.take());
    return batch;
  }

  private void fill(List<Proposal> batch) {
    int bytes = batch.get(0).size;
    while (batch.size() < MAX_COMMANDS_PER_ENTRY) {
      Proposal next = waiting.poll();
      if (next == null) {
        return;
      }
      bytes += next.size;
      if (bytes > MAX_BYTES_PER_ENTRY) {
        leftOver = next;
        return;
      }
      batch.add(next);
    }
  }

  private void submit(List<Proposal> batch) {
    KvBatch.Builder commands = KvBatch.newBuilder();
    batch.forEach(proposal -> commands.addCommands(proposal.command));
    long callId = nextCallId++;
    RaftClientRequest request =
        RaftClientRequest.newBuilder()
            .setClientId(clientId)
            .setServerId(server.getId())
            .setGroupId(group)
            .setCallId(callId)
            .setMessage(
                Message.valueOf(UnsafeByteOperations.unsafeWrap(commands.build().toByteArray())))
            .setType(RaftClientRequest.writeRequestType())
            .build();
    CompletableFuture<RaftClientReply> reply;
    try {
      reply = server.submitClientRequestAsync(request);
    } catch (IOException | RuntimeException e) {
      reply = CompletableFuture.failedFuture(e);
    }
    reply
        .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
        .whenComplete(
            (answer, failure) -> {
              inFlight.release();
              boolean mayBeApplied = entered.remove(callId);
              answer(batch, answer, failure, mayBeApplied);
            });
  }

  private void answer(
      List<Proposal> batch,
      @Nullable RaftClientReply reply,
      @Nullable Throwable failure,
      boolean mayBeApplied) {
    if (reply != null && reply.isSuccess()) {
      try {
        KvBatchResult results =
            KvBatchResult.parseFrom(reply.getMessage().getContent().asReadOnlyByteBuffer());
        if (results.getResultsCount() == batch.size()) {
          for (int i = 0; i < batch.size(); i++) {
            batch.get(i).answer.complete(results.getResults(i));
          }
          return;
        }
        // Applied after this node was deposed: then it gives no results.
        failure = null;
      } catch (InvalidProtocolBufferException e) {
        failure = e;
      }
      mayBeApplied = true;
    }
    Throwable cause = failure != null ? failure : reply != null ? reply.getException() : null;
    RuntimeException error =
        mayBeApplied
            ? new OutcomeUnknownException(
                "the proposal reached the log, its outcome is unknown: " + cause, cause)
            : refused(String.valueOf(cause));
    batch.forEach(proposal -> proposal.answer.completeExceptionally(error));
  }

  private NotLeaderException refused(String why) {
    return new NotLeaderException("proposal refused: " + why, leaderId.getAsInt());
  }

  private void refuseWaiting() {
    if (leftOver != null && Thread.currentThread() == thread) {
      leftOver.answer.completeExceptionally(refused("shutting down"));
    }
    for (Proposal next = waiting.poll(); next != null; next = waiting.poll()) {
      next.answer.completeExceptionally(refused("shutting down"));
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }

  private record Proposal(KvCommand command, int size, CompletableFuture<KvResult> answer) {}
}
