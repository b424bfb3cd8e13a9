package io.millrace.server.coordinator;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Wakes a shard's loop when the first of its timers is due. */
@ConfinedTo("the shard's loop")
final class ShardAlarm {
  private final EventLoop loop;
  private final CoordinatorTimer timers;
  private EventLoop.@Nullable Timer alarm;
  private long alarmMillis = Long.MAX_VALUE;

  ShardAlarm(EventLoop loop, CoordinatorTimer timers) {
    this.loop = loop;
    this.timers = timers;
  }

  /** To be called when timers may have been set. It rings early at worst. */
  void arm(long nowMillis, Runnable ring) {
    long due = timers.nextDueMillis();
    if (due >= alarmMillis) {
      return;
    }
    if (alarm != null) {
      alarm.cancel();
    }
    alarmMillis = due;
    alarm = loop.schedule(ring, TimeUnit.MILLISECONDS.toNanos(Math.max(0, due - nowMillis)));
  }

  /** It has rung, and rings no more until it is armed again. */
  void rang() {
    alarm = null;
    alarmMillis = Long.MAX_VALUE;
  }

  void cancel() {
    if (alarm != null) {
      alarm.cancel();
    }
    rang();
  }
}
