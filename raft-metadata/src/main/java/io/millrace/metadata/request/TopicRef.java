package io.millrace.metadata.request;

import io.millrace.protocol.Uuid;
import org.jspecify.annotations.Nullable;

/** A topic by exactly one of its id and its name. */
public record TopicRef(@Nullable Uuid id, @Nullable String name) {

  public TopicRef {
    if ((id == null) == (name == null)) {
      throw new IllegalArgumentException(
          "a topic is named by its id or its name, not both: id=" + id + " name=" + name);
    }
  }

  public static TopicRef of(String name) {
    return new TopicRef(null, name);
  }

  public static TopicRef of(Uuid id) {
    return new TopicRef(id, null);
  }
}
