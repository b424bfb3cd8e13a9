package io.millrace.metadata.kv;

/**
 * The order and the shape of keys. Keys are compared by UTF-16 code unit, as {@link
 * String#compareTo} does, on every node.
 */
public final class Keys {

  /** Where the cluster's id stands, as UTF-8 text; written once by the first leader. */
  public static final String CLUSTER_ID = "/cluster/id";

  private Keys() {}

  /**
   * The least key that is greater than every key with this prefix; empty, meaning "no end", when
   * there is none.
   */
  public static String endOfPrefix(String prefix) {
    for (int i = prefix.length() - 1; i >= 0; i--) {
      char last = prefix.charAt(i);
      if (last != Character.MAX_VALUE) {
        return prefix.substring(0, i) + (char) (last + 1);
      }
    }
    return "";
  }
}
