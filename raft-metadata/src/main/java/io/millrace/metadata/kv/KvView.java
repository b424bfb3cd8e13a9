package io.millrace.metadata.kv;

import io.millrace.metadata.kv.proto.KvEntry;
import io.millrace.metadata.kv.proto.KvSession;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The whole store at one revision. Immutable; any thread. */
public interface KvView {

  /** The revision this is the state of; 0 for the empty store. */
  long revision();

  /** The term of the entry that made the revision; 0 for the empty store. */
  long term();

  /** How many keys there are. */
  int size();

  /** The entry of a key, or null. */
  @Nullable KvEntry get(String key);

  /**
   * Visits every entry with {@code start <= key < end} in key order; an empty end means "to the
   * last key".
   */
  void forEach(String start, String end, Consumer<? super KvEntry> visitor);

  /** The open sessions, oldest first. */
  List<KvSession> sessions();

  /** Visits every entry in key order. */
  default void forEach(Consumer<? super KvEntry> visitor) {
    forEach("", "", visitor);
  }

  /** Visits every entry whose key begins with the prefix, in key order. */
  default void forEachWithPrefix(String prefix, Consumer<? super KvEntry> visitor) {
    forEach(prefix, Keys.endOfPrefix(prefix), visitor);
  }
}
