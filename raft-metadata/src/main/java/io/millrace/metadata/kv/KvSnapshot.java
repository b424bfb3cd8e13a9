package io.millrace.metadata.kv;

import io.millrace.metadata.image.PersistentMap;
import io.millrace.metadata.kv.proto.KvEntries;
import io.millrace.metadata.kv.proto.KvEntry;
import io.millrace.metadata.kv.proto.KvRequest;
import io.millrace.metadata.kv.proto.KvRequests;
import io.millrace.metadata.kv.proto.KvSession;
import io.millrace.metadata.kv.proto.KvSessions;
import io.millrace.metadata.kv.proto.KvSnapshotEnd;
import io.millrace.metadata.kv.proto.KvSnapshotHead;
import io.millrace.metadata.kv.proto.KvSnapshotPart;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A frozen store and its form in a file: length-delimited parts, one head, then entries, sessions
 * and requests, then an end that counts them, so that a file cut short is recognised.
 *
 * <p>Immutable; any thread. Writing reads no state that can still change.
 */
public final class KvSnapshot {

  private static final int FORMAT = 1;
  private static final int ENTRIES_PER_PART = 256;

  private final KvState state;

  KvSnapshot(KvState state) {
    this.state = state;
  }

  KvState state() {
    return state;
  }

  /** What it holds. */
  public KvView view() {
    return state;
  }

  /** Writes everything; neither flushes nor closes. */
  public void writeTo(OutputStream out) throws IOException {
    KvSnapshotPart.newBuilder()
        .setHead(
            KvSnapshotHead.newBuilder()
                .setFormat(FORMAT)
                .setRevision(state.revision())
                .setTerm(state.term()))
        .build()
        .writeDelimitedTo(out);
    EntryParts entries = new EntryParts(out);
    state.forEach(entries::add);
    entries.finish();
    KvSnapshotPart.newBuilder()
        .setSessions(KvSessions.newBuilder().addAllSessions(state.sessions()))
        .build()
        .writeDelimitedTo(out);
    List<KvRequest> requests = state.rememberedRequests();
    KvSnapshotPart.newBuilder()
        .setRequests(KvRequests.newBuilder().addAllRequests(requests))
        .build()
        .writeDelimitedTo(out);
    KvSnapshotPart.newBuilder()
        .setEnd(
            KvSnapshotEnd.newBuilder()
                .setEntries(state.size())
                .setSessions(state.openSessions().size())
                .setRequests(requests.size()))
        .build()
        .writeDelimitedTo(out);
  }

  /**
   * Reads what {@link #writeTo} wrote.
   *
   * @throws IOException also when the stream ends early or does not add up
   */
  public static KvSnapshot readFrom(InputStream in) throws IOException {
    KvSnapshotHead head = null;
    PersistentMap<String, KvEntry> entries = PersistentMap.empty();
    PersistentMap<Long, KvSession> sessions = PersistentMap.empty();
    PersistentMap<Long, KvRequest> requests = PersistentMap.empty();
    while (true) {
      KvSnapshotPart part = KvSnapshotPart.parseDelimitedFrom(in);
      if (part == null) {
        throw new IOException("snapshot ends without its end part");
      }
      if ((head == null) != (part.getPartCase() == KvSnapshotPart.PartCase.HEAD)) {
        throw new IOException("snapshot does not begin with one head, found " + part.getPartCase());
      }
      switch (part.getPartCase()) {
        case HEAD -> {
          head = part.getHead();
          if (head.getFormat() != FORMAT) {
            throw new IOException(
                "snapshot of format " + head.getFormat() + ", known is " + FORMAT);
          }
        }
        case ENTRIES -> {
          for (KvEntry entry : part.getEntries().getEntriesList()) {
            entries = entries.with(entry.getKey(), entry);
          }
        }
        case SESSIONS -> {
          for (KvSession session : part.getSessions().getSessionsList()) {
            sessions = sessions.with(session.getSessionId(), session);
          }
        }
        case REQUESTS -> {
          for (KvRequest request : part.getRequests().getRequestsList()) {
            requests = requests.with((long) requests.size(), request);
          }
        }
        case END -> {
          KvSnapshotEnd end = part.getEnd();
          if (head == null
              || end.getEntries() != entries.size()
              || end.getSessions() != sessions.size()
              || end.getRequests() != requests.size()) {
            throw new IOException(
                "snapshot does not add up: its end says "
                    + end
                    + ", found entries="
                    + entries.size());
          }
          return new KvSnapshot(
              new KvState(head.getRevision(), head.getTerm(), entries, sessions, requests));
        }
        case PART_NOT_SET -> throw new IOException("snapshot with an unknown part");
      }
    }
  }

  /** Gathers entries to parts of a bounded size. */
  private static final class EntryParts {
    private final OutputStream out;
    private KvEntries.Builder part = KvEntries.newBuilder();
    private @Nullable IOException failure;

    EntryParts(OutputStream out) {
      this.out = out;
    }

    void add(KvEntry entry) {
      part.addEntries(entry);
      if (part.getEntriesCount() >= ENTRIES_PER_PART) {
        write();
      }
    }

    void finish() throws IOException {
      write();
      if (failure != null) {
        throw failure;
      }
    }

    private void write() {
      if (failure == null && part.getEntriesCount() > 0) {
        try {
          KvSnapshotPart.newBuilder().setEntries(part).build().writeDelimitedTo(out);
        } catch (IOException e) {
          failure = e;
        }
      }
      part = KvEntries.newBuilder();
    }
  }
}
