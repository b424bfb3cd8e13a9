package io.millrace.server.config;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Guesses which name was meant by one that does not exist. Pure. */
public final class Spelling {

  private Spelling() {}

  /**
   * The candidate that needs the fewest typing corrections, if that is few enough to be a guess
   * worth making.
   */
  public static @Nullable String nearest(String key, Collection<String> candidates) {
    String best = null;
    int bestDistance = Math.max(2, key.length() / 4) + 1;
    for (String candidate : candidates) {
      int distance = distance(key, candidate);
      if (distance < bestDistance
          || (distance == bestDistance && best != null && candidate.compareTo(best) < 0)) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return best;
  }

  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] current = new int[b.length() + 1];
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replace = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replace, Math.min(previous[j], current[j - 1]) + 1);
      }
      previous = current;
    }
    return previous[b.length()];
  }
}
