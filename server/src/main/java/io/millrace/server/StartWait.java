package io.millrace.server;

import io.millrace.metadata.quorum.VoterAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What to say while a start waits for others, and when: after a moment, at once when somebody else
 * is missing than before, else now and then. Confined to the start's thread.
 */
final class StartWait {
  private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(1500);
  private static final long ASK_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long AGAIN_NANOS = TimeUnit.SECONDS.toNanos(15);

  private final String forWhat;
  private long askNanos;
  private long sayAgainNanos;
  private @Nullable String said;
  private @Nullable CompletableFuture<List<VoterAddress>> asked;

  StartWait(String forWhat, long nowNanos) {
    this.forWhat = forWhat;
    this.askNanos = nowNanos + FIRST_NANOS;
  }

  /**
   * Called every so often.
   *
   * @param silentVoters asks who is missing
   * @return what is worth saying now, else null
   */
  @Nullable String poll(
      long nowNanos, Supplier<CompletableFuture<List<VoterAddress>>> silentVoters) {
    CompletableFuture<List<VoterAddress>> answer = asked;
    if (answer == null) {
      if (nowNanos - askNanos >= 0) {
        asked = silentVoters.get();
      }
      return null;
    }
    if (!answer.isDone()) {
      return null;
    }
    asked = null;
    askNanos = nowNanos + ASK_NANOS;
    String news = describe(answer.exceptionally(failure -> List.of()).join());
    if (news.equals(said) && nowNanos - sayAgainNanos < 0) {
      return null;
    }
    said = news;
    sayAgainNanos = nowNanos + AGAIN_NANOS;
    return news;
  }

  private String describe(List<VoterAddress> silent) {
    if (silent.isEmpty()) {
      return forWhat;
    }
    return forWhat
        + "; no answer from "
        + silent.stream().map(VoterAddress::toString).collect(Collectors.joining(", "));
  }
}
