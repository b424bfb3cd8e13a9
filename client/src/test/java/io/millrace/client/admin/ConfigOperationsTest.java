package io.millrace.client.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.ConfigEntry;
import io.millrace.client.ConfigResource;
import io.millrace.client.simulated.ManualLoop;
import io.millrace.client.simulated.ScriptedLinks;
import io.millrace.client.simulated.SimulatedClient;
import io.millrace.protocol.message.DescribeConfigsResponse;
import io.millrace.protocol.message.DescribeConfigsResponse.DescribeConfigsResult;
import io.millrace.protocol.message.ResponseMessage;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Who is asked for configs; time and network by hand. */
class ConfigOperationsTest {

  private static final long SECOND = 1_000_000_000L;

  private final ManualLoop loop = new ManualLoop();
  private final AtomicInteger asked = new AtomicInteger();
  private final ConfigOperations configs =
      new ConfigOperations(
          SimulatedClient.cluster(
              loop,
              loop,
              new ScriptedLinks(loop, (port, request, version) -> handle()),
              "localhost:9091",
              "localhost:9092"),
          10 * SECOND);

  /** Who is asked first hangs. */
  private CompletableFuture<ResponseMessage> handle() {
    return asked.incrementAndGet() == 1
        ? new CompletableFuture<>()
        : CompletableFuture.completedFuture(
            DescribeConfigsResponse.builder()
                .results(
                    List.of(
                        DescribeConfigsResult.builder()
                            .resourceType(ConfigResource.Type.TOPIC.code())
                            .resourceName("orders")
                            .build()))
                .build());
  }

  @Test
  void brokerThatHangs_costsASecond_whoeverCanAnswer() {
    ConfigResource orders = new ConfigResource(ConfigResource.Type.TOPIC, "orders");
    long begin = loop.monotonicNanos();

    CompletableFuture<List<ConfigEntry>> described =
        Objects.requireNonNull(configs.describe(List.of(orders)).get(orders));
    loop.advanceUntil(described::isDone, 10);

    assertThat(described).isCompletedWithValue(List.of());
    assertThat(loop.monotonicNanos() - begin).isLessThan(SECOND + SECOND / 10);
  }
}
