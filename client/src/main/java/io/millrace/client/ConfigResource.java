package io.millrace.client;

/**
 * Something that has configs.
 *
 * @param name the topic's name or the broker's id; empty means the default of all brokers
 */
public record ConfigResource(Type type, String name) {

  /** The kind, with its number on the wire. */
  public enum Type {
    TOPIC((byte) 2),
    BROKER((byte) 4);

    private final byte code;

    Type(byte code) {
      this.code = code;
    }

    public byte code() {
      return code;
    }
  }

  public static ConfigResource topic(String name) {
    return new ConfigResource(Type.TOPIC, name);
  }

  public static ConfigResource broker(int id) {
    return new ConfigResource(Type.BROKER, Integer.toString(id));
  }

  @Override
  public String toString() {
    return type == Type.TOPIC
        ? "topic '" + name + "'"
        : "broker " + (name.isEmpty() ? "default" : name);
  }
}
