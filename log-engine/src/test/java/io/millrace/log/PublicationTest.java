package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.log.simulated.Batches;
import io.millrace.log.simulated.ManualClock;
import io.millrace.log.simulated.ManualLoop;
import io.millrace.log.simulated.SimulatedStorage;
import io.millrace.log.storage.LogFile;
import io.millrace.log.storage.LogStorage;
import io.millrace.protocol.Uuid;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A reader that looks at the log around every access of the disk, where the append loop spends its
 * time: whoever sees log end n can read up to n, and what is durable was forced.
 */
final class PublicationTest {

  private final SimulatedStorage disk = new SimulatedStorage("disk");
  private Runnable reader = () -> {};
  private int looks;

  @ParameterizedTest
  @ValueSource(longs = {0, 1 << 20})
  void whoeverSeesTheLogEnd_canReadUpToIt(long tailBytes) {
    // given: a log that rolls with every second batch
    ManualClock clock = new ManualClock(1_000_000);
    ManualLoop append = new ManualLoop("append", clock);
    ManualLoop flush = new ManualLoop("flush", clock);
    LogConfig config = LogFixture.settings("segment.bytes", "160");
    LogManager manager =
        LogManager.open(
            new LogManagerConfig(config, tailBytes, 86_400_000, 300_000, 5_000),
            List.of(new LogDirectory(watched(), append, flush)),
            clock);
    PartitionLog log = manager.getOrCreate(new TopicPartitionId(new Uuid(5, 6), "t", 0), config);
    reader = () -> look(log);

    // when
    for (int i = 0; i < 5; i++) {
      log.appendAsLeader(Batches.of(1, "value-" + i), 1);
      ManualLoop.runAll(append, flush);
    }

    // then
    assertThat(log.durableEndOffset()).isEqualTo(5);
    assertThat(looks).isGreaterThan(20);
  }

  private void look(PartitionLog log) {
    looks++;
    long durable = log.durableEndOffset();
    long end = log.logEndOffset();
    assertThat(durable).isLessThanOrEqualTo(end);
    long next = Math.max(0, end - 2);
    while (next < end) {
      LogRead read = log.read(next, 100, end, true);
      assertThat(read).isInstanceOf(LogRead.Data.class);
      LogRead.Data data = (LogRead.Data) read;
      assertThat(Batches.values(data.records())).first().isEqualTo("value-" + next);
      assertThat(data.nextOffset()).isGreaterThan(next);
      next = data.nextOffset();
    }
  }

  private LogStorage watched() {
    return (LogStorage) watch(LogStorage.class, disk);
  }

  private Object watch(Class<?> type, Object target) {
    return Proxy.newProxyInstance(
        type.getClassLoader(),
        new Class<?>[] {type},
        (proxy, method, arguments) -> {
          boolean isRead = method.getName().equals("read") || method.getName().equals("slice");
          if (isRead) { // the look's own
            return call(target, method, arguments);
          }
          reader.run();
          Object result = call(target, method, arguments);
          reader.run();
          return result instanceof LogFile ? watch(LogFile.class, result) : result;
        });
  }

  private static Object call(Object target, Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
