package io.millrace.server.metrics;

import java.util.Map;

/** The node's metrics as JMX shows them. */
public interface ServerMetricsMXBean {

  /** Every metric by name. */
  Map<String, Long> getValues();
}
