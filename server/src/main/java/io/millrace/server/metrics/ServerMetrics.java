package io.millrace.server.metrics;

import io.millrace.protocol.ApiKey;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/** What one node counts. Any thread. */
public final class ServerMetrics implements ServerMetricsMXBean {
  private final Map<ApiKey, LongAdder> requests = new EnumMap<>(ApiKey.class);
  private final LongAdder bytesIn = new LongAdder();
  private final LongAdder bytesOut = new LongAdder();
  private final LongAdder connectionsOpened = new LongAdder();
  private final LongAdder connectionsClosed = new LongAdder();
  private final LongAdder connectionsRefused = new LongAdder();
  private final Histogram produceLatency = new Histogram();
  private final Histogram fetchLatency = new Histogram();
  private final ConcurrentSkipListMap<String, LongSupplier> gauges = new ConcurrentSkipListMap<>();

  public ServerMetrics() {
    for (ApiKey key : ApiKey.values()) {
      requests.put(key, new LongAdder());
    }
  }

  public void requestArrived(ApiKey key, long bytes) {
    LongAdder adder = requests.get(key);
    if (adder != null) {
      adder.increment();
    }
    bytesIn.add(bytes);
  }

  public void requestAnswered(ApiKey key, long bytes, long nanos) {
    bytesOut.add(bytes);
    if (key == ApiKey.PRODUCE) {
      produceLatency.record(nanos);
    } else if (key == ApiKey.FETCH) {
      fetchLatency.record(nanos);
    }
  }

  public void connectionOpened() {
    connectionsOpened.increment();
  }

  public void connectionClosed() {
    connectionsClosed.increment();
  }

  public void connectionRefused() {
    connectionsRefused.increment();
  }

  /** Adds something that is asked for when it is read. */
  public void gauge(String name, LongSupplier value) {
    gauges.put(name, value);
  }

  @Override
  public Map<String, Long> getValues() {
    Map<String, Long> values = new TreeMap<>();
    values.put("bytes-in", bytesIn.sum());
    values.put("bytes-out", bytesOut.sum());
    values.put("connections", connectionsOpened.sum() - connectionsClosed.sum());
    values.put("connections-refused", connectionsRefused.sum());
    latency(values, "produce", produceLatency);
    latency(values, "fetch", fetchLatency);
    requests.forEach(
        (key, count) -> {
          if (count.sum() > 0) {
            values.put(
                "requests-" + key.name().toLowerCase(Locale.ROOT).replace('_', '-'), count.sum());
          }
        });
    gauges.forEach((name, value) -> values.put(name, value.getAsLong()));
    return values;
  }

  private static void latency(Map<String, Long> values, String name, Histogram histogram) {
    values.put(name + "-latency-p50-us", histogram.percentileNanos(0.5) / 1000);
    values.put(name + "-latency-p99-us", histogram.percentileNanos(0.99) / 1000);
  }
}
