package io.millrace.server;

import io.millrace.metadata.quorum.VoterAddress;
import io.millrace.metadata.quorum.VoterSurvey;
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
  private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(3000);
  private static final long ASK_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long AGAIN_NANOS = TimeUnit.SECONDS.toNanos(15);

  private final String forWhat;
  private long askNanos;
  private long sayAgainNanos;
  private @Nullable String said;
  private @Nullable CompletableFuture<VoterSurvey> asked;

  StartWait(String forWhat, long nowNanos) {
    this.forWhat = forWhat;
    this.askNanos = nowNanos + FIRST_NANOS;
  }

  /**
   * Called every so often.
   *
   * @param survey asks the voters
   * @return what is worth saying now, else null
   * @throws NodeStartException when waiting is in vain
   */
  @Nullable String poll(long nowNanos, Supplier<CompletableFuture<VoterSurvey>> survey) {
    CompletableFuture<VoterSurvey> answer = asked;
    if (answer == null) {
      if (nowNanos - askNanos >= 0) {
        asked = survey.get();
      }
      return null;
    }
    if (!answer.isDone()) {
      return null;
    }
    asked = null;
    askNanos = nowNanos + ASK_NANOS;
    VoterSurvey found = answer.exceptionally(failure -> VoterSurvey.NOTHING).join();
    if (found.foreign()) {
      throw new NodeStartException(
          "the data directory belongs to another cluster: the voters "
              + names(found.strangers())
              + " do not know it");
    }
    String news = describe(found);
    if (news.equals(said) && nowNanos - sayAgainNanos < 0) {
      return null;
    }
    said = news;
    sayAgainNanos = nowNanos + AGAIN_NANOS;
    return news;
  }

  private String describe(VoterSurvey found) {
    String text = forWhat;
    if (!found.silent().isEmpty()) {
      text += "; no answer from " + names(found.silent());
    }
    if (!found.strangers().isEmpty()) {
      text +=
          "; this node's data directory is not known to "
              + names(found.strangers())
              + ", is it from another cluster?";
    }
    return text;
  }

  private static String names(List<VoterAddress> voters) {
    return voters.stream().map(VoterAddress::toString).collect(Collectors.joining(", "));
  }
}
