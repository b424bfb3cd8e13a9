package io.millrace.metadata.image;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * An immutable sorted map whose changed copy shares all but a path with the original: a change
 * costs O(log n), so that a delta of one partition does not copy ten thousand topics, and freezing
 * the key-value store's state for a snapshot or a reader costs nothing. An AVL tree; iteration is
 * in key order, which keeps every decision made over it deterministic.
 *
 * <p>Immutable; any thread.
 *
 * @param <K> the keys, compared by their natural order
 * @param <V> the values
 */
public final class PersistentMap<K extends Comparable<K>, V> implements Iterable<Map.Entry<K, V>> {

  private static final PersistentMap<?, ?> EMPTY = new PersistentMap<>(null);

  private final @Nullable Node<K, V> root;

  private PersistentMap(@Nullable Node<K, V> root) {
    this.root = root;
  }

  /** The map without entries. */
  @SuppressWarnings("unchecked")
  public static <K extends Comparable<K>, V> PersistentMap<K, V> empty() {
    return (PersistentMap<K, V>) EMPTY;
  }

  public int size() {
    return root == null ? 0 : root.size;
  }

  public boolean isEmpty() {
    return root == null;
  }

  public boolean containsKey(K key) {
    return get(key) != null;
  }

  /** The value of a key, or null. */
  public @Nullable V get(K key) {
    Node<K, V> node = root;
    while (node != null) {
      int order = key.compareTo(node.key);
      if (order == 0) {
        return node.value;
      }
      node = order < 0 ? node.left : node.right;
    }
    return null;
  }

  /** The entry with the least key, or null when the map is empty. */
  public Map.@Nullable Entry<K, V> first() {
    Node<K, V> node = root;
    while (node != null && node.left != null) {
      node = node.left;
    }
    return node == null ? null : Map.entry(node.key, node.value);
  }

  /**
   * Visits entries with {@code start <= key < end} in key order until the visitor answers false.
   *
   * @param start null for "from the first key"
   * @param end null for "to the last key"
   */
  public void visit(@Nullable K start, @Nullable K end, BiPredicate<? super K, ? super V> visitor) {
    visit(root, start, end, visitor);
  }

  /** A map with this entry added or replaced. */
  public PersistentMap<K, V> with(K key, V value) {
    return new PersistentMap<>(put(root, key, value));
  }

  /** A map without this key; the same map when it was not there. */
  public PersistentMap<K, V> without(K key) {
    return containsKey(key) ? new PersistentMap<>(remove(root, key)) : this;
  }

  /** The values in key order. */
  public Iterable<V> values() {
    return () -> {
      Iterator<Map.Entry<K, V>> entries = iterator();
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return entries.hasNext();
        }

        @Override
        public V next() {
          return entries.next().getValue();
        }
      };
    };
  }

  @Override
  public Iterator<Map.Entry<K, V>> iterator() {
    Deque<Node<K, V>> path = new ArrayDeque<>();
    pushLeft(path, root);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return !path.isEmpty();
      }

      @Override
      public Map.Entry<K, V> next() {
        if (path.isEmpty()) {
          throw new NoSuchElementException();
        }
        Node<K, V> node = path.pop();
        pushLeft(path, node.right);
        return Map.entry(node.key, node.value);
      }
    };
  }

  @Override
  public boolean equals(@Nullable Object other) {
    if (this == other) {
      return true;
    }
    if (!(other instanceof PersistentMap<?, ?> that) || that.size() != size()) {
      return false;
    }
    Iterator<?> theirs = that.iterator();
    for (Map.Entry<K, V> entry : this) {
      if (!entry.equals(theirs.next())) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int hashCode() {
    int hash = 0;
    for (Map.Entry<K, V> entry : this) {
      hash += entry.hashCode();
    }
    return hash;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("{");
    for (Map.Entry<K, V> entry : this) {
      text.append(text.length() == 1 ? "" : ", ")
          .append(entry.getKey())
          .append('=')
          .append(entry.getValue());
    }
    return text.append('}').toString();
  }

  private static <K, V> void pushLeft(Deque<Node<K, V>> path, @Nullable Node<K, V> from) {
    for (Node<K, V> node = from; node != null; node = node.left) {
      path.push(node);
    }
  }

  private static <K extends Comparable<K>, V> boolean visit(
      @Nullable Node<K, V> node,
      @Nullable K start,
      @Nullable K end,
      BiPredicate<? super K, ? super V> visitor) {
    if (node == null) {
      return true;
    }
    boolean afterStart = start == null || node.key.compareTo(start) >= 0;
    boolean beforeEnd = end == null || node.key.compareTo(end) < 0;
    if (afterStart && !visit(node.left, start, end, visitor)) {
      return false;
    }
    if (afterStart && beforeEnd && !visitor.test(node.key, node.value)) {
      return false;
    }
    return !beforeEnd || visit(node.right, start, end, visitor);
  }

  private static <K extends Comparable<K>, V> Node<K, V> put(
      @Nullable Node<K, V> node, K key, V value) {
    if (node == null) {
      return new Node<>(key, value, null, null);
    }
    int order = key.compareTo(node.key);
    if (order == 0) {
      return new Node<>(key, value, node.left, node.right);
    }
    return order < 0
        ? balanced(node, put(node.left, key, value), node.right)
        : balanced(node, node.left, put(node.right, key, value));
  }

  private static <K extends Comparable<K>, V> @Nullable Node<K, V> remove(
      @Nullable Node<K, V> node, K key) {
    if (node == null) {
      return null;
    }
    int order = key.compareTo(node.key);
    if (order < 0) {
      return balanced(node, remove(node.left, key), node.right);
    }
    if (order > 0) {
      return balanced(node, node.left, remove(node.right, key));
    }
    if (node.left == null || node.right == null) {
      return node.left == null ? node.right : node.left;
    }
    Node<K, V> successor = node.right;
    while (successor.left != null) {
      successor = successor.left;
    }
    return balanced(successor, node.left, remove(node.right, successor.key));
  }

  /** The entry of {@code entry} over two subtrees whose heights differ by at most two. */
  private static <K, V> Node<K, V> balanced(
      Node<K, V> entry, @Nullable Node<K, V> left, @Nullable Node<K, V> right) {
    int lean = height(left) - height(right);
    if (lean > 1) {
      Node<K, V> heavy = Objects.requireNonNull(left);
      if (height(heavy.left) >= height(heavy.right)) {
        return heavy.over(heavy.left, entry.over(heavy.right, right));
      }
      Node<K, V> middle = Objects.requireNonNull(heavy.right);
      return middle.over(heavy.over(heavy.left, middle.left), entry.over(middle.right, right));
    }
    if (lean < -1) {
      Node<K, V> heavy = Objects.requireNonNull(right);
      if (height(heavy.right) >= height(heavy.left)) {
        return heavy.over(entry.over(left, heavy.left), heavy.right);
      }
      Node<K, V> middle = Objects.requireNonNull(heavy.left);
      return middle.over(entry.over(left, middle.left), heavy.over(middle.right, heavy.right));
    }
    return entry.over(left, right);
  }

  private static int height(@Nullable Node<?, ?> node) {
    return node == null ? 0 : node.height;
  }

  private static final class Node<K, V> {
    final K key;
    final V value;
    final @Nullable Node<K, V> left;
    final @Nullable Node<K, V> right;
    final int height;
    final int size;

    Node(K key, V value, @Nullable Node<K, V> left, @Nullable Node<K, V> right) {
      this.key = key;
      this.value = value;
      this.left = left;
      this.right = right;
      this.height = 1 + Math.max(PersistentMap.height(left), PersistentMap.height(right));
      this.size = 1 + (left == null ? 0 : left.size) + (right == null ? 0 : right.size);
    }

    Node<K, V> over(@Nullable Node<K, V> newLeft, @Nullable Node<K, V> newRight) {
      return new Node<>(key, value, newLeft, newRight);
    }
  }
}
