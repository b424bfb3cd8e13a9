package io.millrace.client.consumer;

import io.millrace.client.OffsetReset;
import io.millrace.client.OffsetSpec;
import org.jspecify.annotations.Nullable;

/**
 * Where reading begins.
 *
 * @param offset 0 or more, or -1 when it must be looked up
 * @param lookup what to look up when the offset is -1; null: nobody said, and there is no reset
 * @param fromGroup the group's committed offset goes before the lookup
 */
record StartAt(long offset, @Nullable OffsetSpec lookup, boolean fromGroup) {

  static StartAt offset(long offset) {
    return new StartAt(offset, null, false);
  }

  static StartAt lookup(OffsetSpec spec) {
    return new StartAt(-1, spec, false);
  }

  /** Where the group stands; where it has never been, as the policy says. */
  static StartAt committed(OffsetReset policy) {
    return new StartAt(-1, reset(policy).lookup(), true);
  }

  static StartAt reset(OffsetReset policy) {
    return switch (policy) {
      case EARLIEST -> lookup(OffsetSpec.earliest());
      case LATEST -> lookup(OffsetSpec.latest());
      case NONE -> new StartAt(-1, null, false);
    };
  }
}
