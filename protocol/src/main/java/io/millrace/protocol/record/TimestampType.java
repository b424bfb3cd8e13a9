package io.millrace.protocol.record;

/** Who sets the timestamps of a topic's records; {@code message.timestamp.type}. */
public enum TimestampType {
  /** The producer. */
  CREATE_TIME("CreateTime"),
  /** The leader, when it appends. */
  LOG_APPEND_TIME("LogAppendTime");

  private final String configValue;

  TimestampType(String configValue) {
    this.configValue = configValue;
  }

  /** As topic configuration has it. */
  public String configValue() {
    return configValue;
  }
}
