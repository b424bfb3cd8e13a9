package io.millrace.server.network;

import io.millrace.concurrent.ConfinedTo;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the answers of one connection in the order of its requests, because clients match them by
 * order: an answer that is ready waits until those before it are.
 */
@ConfinedTo("the connection's event loop")
final class ResponseSequencer {

  /** The place of one request's answer. */
  static final class Slot {
    final RequestContext context;
    final int requestBytes;
    final long arrivedNanos;
    private @Nullable Reply reply;

    private Slot(RequestContext context, int requestBytes, long arrivedNanos) {
      this.context = context;
      this.requestBytes = requestBytes;
      this.arrivedNanos = arrivedNanos;
    }
  }

  /** Takes an answer whose turn it is. */
  interface Sender {
    void send(Slot slot, Reply reply);
  }

  private final ArrayDeque<Slot> waiting = new ArrayDeque<>();

  Slot open(RequestContext context, int requestBytes, long nowNanos) {
    Slot slot = new Slot(context, requestBytes, nowNanos);
    waiting.add(slot);
    return slot;
  }

  void complete(Slot slot, Reply reply) {
    slot.reply = reply;
  }

  /** Requests whose answers were not sent yet. */
  int size() {
    return waiting.size();
  }

  /** Sends what is ready, oldest first, up to the first that is not. */
  void drain(Sender sender) {
    Slot head = waiting.peek();
    while (head != null && head.reply != null) {
      waiting.remove();
      sender.send(head, head.reply);
      head = waiting.peek();
    }
  }

  /** Drops everything: those with an answer and those without. */
  void clear(Consumer<Slot> dropped) {
    Slot slot = waiting.poll();
    while (slot != null) {
      if (slot.reply != null) {
        slot.reply.release();
      }
      dropped.accept(slot);
      slot = waiting.poll();
    }
  }
}
