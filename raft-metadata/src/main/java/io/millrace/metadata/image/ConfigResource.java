package io.millrace.metadata.image;

/**
 * What a set of dynamic configs belongs to.
 *
 * @param type the kind
 * @param name the topic's name, the broker's id in decimal, or empty for the default of all brokers
 */
public record ConfigResource(Type type, String name) implements Comparable<ConfigResource> {

  /** Kinds of resource, with Kafka's numbers. */
  public enum Type {
    TOPIC(2),
    BROKER(4);

    private final int code;

    Type(int code) {
      this.code = code;
    }

    public int code() {
      return code;
    }
  }

  /** The configs that hold for every broker. */
  public static final ConfigResource BROKER_DEFAULT = new ConfigResource(Type.BROKER, "");

  public static ConfigResource topic(String name) {
    return new ConfigResource(Type.TOPIC, name);
  }

  public static ConfigResource broker(int id) {
    return new ConfigResource(Type.BROKER, Integer.toString(id));
  }

  @Override
  public int compareTo(ConfigResource other) {
    int byType = type.compareTo(other.type);
    return byType != 0 ? byType : name.compareTo(other.name);
  }

  @Override
  public String toString() {
    return type.name().toLowerCase(java.util.Locale.ROOT)
        + ":"
        + (name.isEmpty() ? "<default>" : name);
  }
}
