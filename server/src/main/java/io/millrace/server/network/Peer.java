package io.millrace.server.network;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.ApiKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The other end of a connection, as long as that lasts: who it is, and what it does beside the
 * request at hand.
 */
@ConfinedTo("the connection's event loop, but id(), remote() and loop()")
public final class Peer {
  /** What a connection may be asked to remember; a client is in a handful of groups. */
  private static final int MAX_WATCHES = 1_000;

  private static final AtomicLong IDS = new AtomicLong();

  private final long id = IDS.incrementAndGet();
  private final String remote;
  private final Executor loop;
  private final Map<Object, Runnable> watches = new LinkedHashMap<>();
  private @Nullable Consumer<ApiKey> onNextRequest;
  private String software = "";

  /**
   * @param remote the peer's address, for logs
   * @param loop the connection's event loop
   */
  public Peer(String remote, Executor loop) {
    this.remote = remote;
    this.loop = loop;
  }

  /** Names the connection; no other of this process is ever called so. Above 0. */
  public long id() {
    return id;
  }

  public String remote() {
    return remote;
  }

  public Executor loop() {
    return loop;
  }

  /** What the client calls itself in ApiVersions (KIP-511); empty when it has not said. */
  public String software() {
    return software;
  }

  public void callsItself(String name) {
    software = name;
  }

  /**
   * Runs an action once the peer has closed the connection, or it broke; never when this node
   * closes it. Beyond 1,000 keys nothing is remembered.
   *
   * @param key an action of the same key before is forgotten
   */
  public void whenGone(Object key, Runnable action) {
    if (watches.size() < MAX_WATCHES || watches.containsKey(key)) {
      watches.put(key, action);
    }
  }

  /**
   * Tells an action once, when the next request has arrived and before it is handled, what is
   * asked: whoever keeps an answer back must let it go then, because the answers behind it wait. Of
   * several of one request only the last is told.
   */
  public void whenNextRequestArrives(Consumer<ApiKey> action) {
    onNextRequest = action;
  }

  public void requestArrived(ApiKey asked) {
    Consumer<ApiKey> action = onNextRequest;
    onNextRequest = null;
    if (action != null) {
      action.accept(asked);
    }
  }

  void gone() {
    List<Runnable> actions = new ArrayList<>(watches.values());
    forget();
    actions.forEach(Runnable::run);
  }

  void forget() {
    watches.clear();
    onNextRequest = null;
  }
}
