package io.millrace.metadata.kv;

import java.util.Map;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A sorted map whose every version stays: {@link #with} and {@link #without} answer a new map that
 * shares all but one path with the old one. Freezing the state for a snapshot or a reader therefore
 * costs nothing. An AVL tree; changes cost O(log n).
 *
 * <p>Immutable; any thread.
 */
final class OrderedTree<K extends Comparable<K>, V> {

  private static final OrderedTree<?, ?> EMPTY = new OrderedTree<>(null);

  private final @Nullable Node<K, V> root;

  private OrderedTree(@Nullable Node<K, V> root) {
    this.root = root;
  }

  @SuppressWarnings("unchecked") // holds nothing of either type
  static <K extends Comparable<K>, V> OrderedTree<K, V> empty() {
    return (OrderedTree<K, V>) EMPTY;
  }

  int size() {
    return sizeOf(root);
  }

  @Nullable V get(K key) {
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

  /** The least key and its value, or null when the map is empty. */
  Map.@Nullable Entry<K, V> first() {
    Node<K, V> node = root;
    if (node == null) {
      return null;
    }
    while (node.left != null) {
      node = node.left;
    }
    return Map.entry(node.key, node.value);
  }

  OrderedTree<K, V> with(K key, V value) {
    return new OrderedTree<>(insert(root, key, value));
  }

  /** This map itself when the key is absent. */
  OrderedTree<K, V> without(K key) {
    if (get(key) == null) {
      return this;
    }
    Node<K, V> rest = remove(root, key);
    return rest == null ? empty() : new OrderedTree<>(rest);
  }

  /**
   * Visits entries with {@code start <= key < end} in key order until the visitor answers false.
   *
   * @param start null for "from the first key"
   * @param end null for "to the last key"
   */
  void visit(@Nullable K start, @Nullable K end, BiPredicate<? super K, ? super V> visitor) {
    visit(root, start, end, visitor);
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

  private static <K extends Comparable<K>, V> Node<K, V> insert(
      @Nullable Node<K, V> node, K key, V value) {
    if (node == null) {
      return new Node<>(key, value, null, null);
    }
    int order = key.compareTo(node.key);
    if (order == 0) {
      return new Node<>(key, value, node.left, node.right);
    }
    return order < 0
        ? balanced(node.key, node.value, insert(node.left, key, value), node.right)
        : balanced(node.key, node.value, node.left, insert(node.right, key, value));
  }

  private static <K extends Comparable<K>, V> @Nullable Node<K, V> remove(
      @Nullable Node<K, V> node, K key) {
    if (node == null) {
      return null;
    }
    int order = key.compareTo(node.key);
    if (order < 0) {
      return balanced(node.key, node.value, remove(node.left, key), node.right);
    }
    if (order > 0) {
      return balanced(node.key, node.value, node.left, remove(node.right, key));
    }
    if (node.left == null) {
      return node.right;
    }
    if (node.right == null) {
      return node.left;
    }
    Node<K, V> next = node.right;
    while (next.left != null) {
      next = next.left;
    }
    return balanced(next.key, next.value, node.left, remove(node.right, next.key));
  }

  private static <K extends Comparable<K>, V> Node<K, V> balanced(
      K key, V value, @Nullable Node<K, V> left, @Nullable Node<K, V> right) {
    int tilt = heightOf(left) - heightOf(right);
    if (tilt > 1 && left != null) {
      Node<K, V> inner = left.right;
      if (heightOf(left.left) < heightOf(inner) && inner != null) {
        return new Node<>(
            inner.key,
            inner.value,
            new Node<>(left.key, left.value, left.left, inner.left),
            new Node<>(key, value, inner.right, right));
      }
      return new Node<>(left.key, left.value, left.left, new Node<>(key, value, inner, right));
    }
    if (tilt < -1 && right != null) {
      Node<K, V> inner = right.left;
      if (heightOf(right.right) < heightOf(inner) && inner != null) {
        return new Node<>(
            inner.key,
            inner.value,
            new Node<>(key, value, left, inner.left),
            new Node<>(right.key, right.value, inner.right, right.right));
      }
      return new Node<>(right.key, right.value, new Node<>(key, value, left, inner), right.right);
    }
    return new Node<>(key, value, left, right);
  }

  private static int heightOf(@Nullable Node<?, ?> node) {
    return node == null ? 0 : node.height;
  }

  private static int sizeOf(@Nullable Node<?, ?> node) {
    return node == null ? 0 : node.size;
  }

  /** A subtree. Heights of left and right differ by one at most. */
  private static final class Node<K extends Comparable<K>, V> {
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
      this.height = 1 + Math.max(heightOf(left), heightOf(right));
      this.size = 1 + sizeOf(left) + sizeOf(right);
    }
  }
}
