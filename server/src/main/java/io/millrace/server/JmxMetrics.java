package io.millrace.server;

import io.millrace.server.metrics.ServerMetrics;
import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows a node's metrics to JMX, under {@code io.millrace:type=Node,id=1}. Registered after the
 * start, which it would slow.
 */
final class JmxMetrics implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JmxMetrics.class);

  private final MBeanServer server;
  private final ObjectName name;

  private JmxMetrics(MBeanServer server, ObjectName name) {
    this.server = server;
    this.name = name;
  }

  static AutoCloseable register(int nodeId, ServerMetrics metrics) {
    try {
      ObjectName name = new ObjectName("io.millrace:type=Node,id=" + nodeId);
      MBeanServer server = ManagementFactory.getPlatformMBeanServer();
      server.registerMBean(metrics, name);
      return new JmxMetrics(server, name);
    } catch (JMException e) {
      LOG.warn("metrics are not shown to JMX: {}", e.toString());
      return () -> {};
    }
  }

  @Override
  public void close() throws JMException {
    server.unregisterMBean(name);
  }
}
