package io.millrace.server;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.concurrent.LoopFailureHandler;
import io.millrace.concurrent.ThreadEventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The event loops of one node, named after it, so that a thread dump of several nodes in one
 * process can be read.
 */
final class Loops {
  private static final Logger LOG = LoggerFactory.getLogger(Loops.class);
  // Images, roles and produces of thousands of partitions may arrive at once.
  private static final int QUEUE_CAPACITY = 128 * 1024;

  private final String suffix;
  private final Clock clock;
  private final List<ThreadEventLoop> all = new ArrayList<>();

  Loops(int nodeId, Clock clock) {
    this.suffix = "@" + nodeId;
    this.clock = clock;
  }

  synchronized EventLoop start(String name) {
    LoopFailureHandler onFailure =
        (loop, failure) -> LOG.error("a task failed on loop {}", loop.name(), failure);
    ThreadEventLoop loop = new ThreadEventLoop(name + suffix, clock, onFailure, QUEUE_CAPACITY);
    all.add(loop);
    return loop;
  }

  synchronized CompletableFuture<Void> stop() {
    return CompletableFuture.allOf(
        all.stream().map(ThreadEventLoop::shutdown).toArray(CompletableFuture<?>[]::new));
  }
}
