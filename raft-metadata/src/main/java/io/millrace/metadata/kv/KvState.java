package io.millrace.metadata.kv;

import io.millrace.metadata.image.PersistentMap;
import io.millrace.metadata.kv.proto.KvEntry;
import io.millrace.metadata.kv.proto.KvRequest;
import io.millrace.metadata.kv.proto.KvSession;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Everything the store is at one revision, and everything a snapshot has to hold: entries, open
 * sessions, and the requests still remembered for repeats.
 *
 * <p>Immutable; any thread.
 *
 * @param requests by a number that grows with each remembered request; which numbers they are
 *     carries no meaning
 */
record KvState(
    long revision,
    long term,
    PersistentMap<String, KvEntry> entries,
    PersistentMap<Long, KvSession> openSessions,
    PersistentMap<Long, KvRequest> requests)
    implements KvView {

  static final KvState EMPTY =
      new KvState(0, 0, PersistentMap.empty(), PersistentMap.empty(), PersistentMap.empty());

  @Override
  public int size() {
    return entries.size();
  }

  @Override
  public @Nullable KvEntry get(String key) {
    return entries.get(key);
  }

  @Override
  public void forEach(String start, String end, Consumer<? super KvEntry> visitor) {
    entries.visit(
        start,
        end.isEmpty() ? null : end,
        (key, entry) -> {
          visitor.accept(entry);
          return true;
        });
  }

  @Override
  public List<KvSession> sessions() {
    List<KvSession> sessions = new ArrayList<>(openSessions.size());
    openSessions.visit(null, null, (id, session) -> sessions.add(session));
    return sessions;
  }

  /** Oldest first. */
  List<KvRequest> rememberedRequests() {
    List<KvRequest> remembered = new ArrayList<>(requests.size());
    requests.visit(null, null, (number, request) -> remembered.add(request));
    return remembered;
  }

  @Override
  public String toString() {
    return "KvState[revision="
        + revision
        + ", term="
        + term
        + ", keys="
        + size()
        + ", sessions="
        + openSessions.size()
        + "]";
  }
}
