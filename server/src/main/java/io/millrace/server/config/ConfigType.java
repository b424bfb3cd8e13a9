package io.millrace.server.config;

/** What kind of value a key holds, with the code that DescribeConfigs has for it. */
public enum ConfigType {
  BOOLEAN(1),
  STRING(2),
  INT(3),
  SHORT(4),
  LONG(5),
  DOUBLE(6),
  LIST(7);

  private final byte wireCode;

  ConfigType(int wireCode) {
    this.wireCode = (byte) wireCode;
  }

  public byte wireCode() {
    return wireCode;
  }
}
