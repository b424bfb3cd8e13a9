package io.millrace.protocol.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RecordBatchBuilderTest {

  @Test
  void sizeLimit_isNeverExceededAndTheEstimateIsExact_withoutCompression() {
    for (long seed = 0; seed < 50; seed++) {
      // given
      Random random = new Random(seed);
      int limit = 100 + random.nextInt(20_000);
      RecordBatchBuilder builder = new RecordBatchBuilder(limit);

      // when
      while (builder.tryAppend(
          random.nextInt(5000), null, ByteBuffer.allocate(random.nextInt(300)), List.of())) {
        // until it is full
      }

      // then
      int estimate = builder.estimatedSize();
      int count = builder.recordCount();
      MemoryRecords records = builder.build();
      assertThat(records.sizeInBytes()).as("seed %d", seed).isEqualTo(estimate);
      if (count > 1) {
        assertThat(records.sizeInBytes()).as("seed %d", seed).isLessThanOrEqualTo(limit);
      }
    }
  }

  @Test
  void firstRecord_isTakenWhateverItsSize() {
    RecordBatchBuilder builder = new RecordBatchBuilder(100);
    assertThat(builder.tryAppend(1, null, ByteBuffer.allocate(5000), List.of())).isTrue();
    assertThat(builder.isFull()).isTrue();
    assertThat(builder.tryAppend(1, null, null, List.of())).isFalse();
    assertThat(builder.recordCount()).isEqualTo(1);
  }

  @Test
  void estimatedRatio_letsMoreRecordsIn() {
    RecordBatchBuilder plain = new RecordBatchBuilder(Compression.GZIP, 6, 4000, 1.0);
    RecordBatchBuilder hopeful = new RecordBatchBuilder(Compression.GZIP, 6, 4000, 0.25);
    while (plain.tryAppend(1, null, ByteBuffer.allocate(100), List.of())) {
      // fills
    }
    while (hopeful.tryAppend(1, null, ByteBuffer.allocate(100), List.of())) {
      // fills
    }
    assertThat(hopeful.recordCount()).isGreaterThan(3 * plain.recordCount());
    assertThat(hopeful.build().sizeInBytes()).isLessThan(4000);
  }

  @Test
  void builtBatch_takesNoMoreRecordsAndIsNotBuiltTwice() {
    RecordBatchBuilder builder = new RecordBatchBuilder(1000).append(1, null, null);
    builder.build();
    assertThatThrownBy(() -> builder.append(1, null, null))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(builder::build).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void batches_endAtTheLastWholeOne() {
    // given: two batches, the second cut short as a fetch may do
    ByteBuffer one = new RecordBatchBuilder(1000).append(1, null, new byte[10]).build().nioBuffer();
    ByteBuffer two = new RecordBatchBuilder(1000).append(2, null, new byte[10]).build().nioBuffer();
    for (int cut = 1; cut <= two.limit(); cut++) {
      ByteBuffer both =
          ByteBuffer.allocate(one.limit() + two.limit()).put(one.duplicate()).put(two.duplicate());
      both.flip().limit(both.limit() - cut);

      // then
      List<RecordBatch> batches = new ArrayList<>();
      MemoryRecords.wrap(both).batches().forEach(batches::add);
      assertThat(batches).as("cut %d", cut).hasSize(1);
    }
  }

  @Test
  void sequences_wrapToZero() {
    assertThat(RecordBatch.sequenceAfter(Integer.MAX_VALUE, 1)).isZero();
    assertThat(RecordBatch.sequenceAfter(Integer.MAX_VALUE - 1, 3)).isEqualTo(1);
    assertThat(RecordBatch.sequenceAfter(5, 3)).isEqualTo(8);
  }

  @Test
  void varintSizes_areWhatIsWritten() {
    Random random = new Random(3);
    for (int i = 0; i < 10_000; i++) {
      long value = random.nextLong() >> random.nextInt(64);
      GrowingBytes out = new GrowingBytes(16);
      out.writeVarlong(value);
      assertThat(Varints.sizeOf(value)).isEqualTo(out.size());
      out.truncate(0);
      out.writeVarint((int) value);
      assertThat(Varints.sizeOf((int) value)).isEqualTo(out.size());
    }
  }
}
