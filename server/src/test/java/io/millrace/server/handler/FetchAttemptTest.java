package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.replication.ReadResult;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.junit.jupiter.api.Test;

class FetchAttemptTest {

  private static FetchWish wish(int partition) {
    return new FetchWish("t", Uuid.ZERO, partition, -1, 0, -1, 1_000);
  }

  @Test
  void laterPartitionThrows_givesBackWhatEarlierOnesRead() {
    ByteBuf read = Unpooled.buffer(100).writeZero(100);

    assertThatThrownBy(
            () ->
                FetchAttempt.readAll(
                    List.of(wish(0), wish(1)),
                    1_000,
                    (wish, limit, minOneBatch) -> {
                      if (wish.partition() == 1) {
                        throw new IllegalStateException("broken");
                      }
                      return new FetchAttempt.Outcome(
                          wish,
                          null,
                          new ReadResult(
                              ErrorCode.NONE, MemoryRecords.wrap(read), 1, 1, 1, 0, null, 1, 1));
                    }))
        .hasMessage("broken");

    assertThat(read.refCnt()).isZero();
  }
}
