package io.millrace.protocol.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.record.RandomRecords.Draft;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Apache's own classes read what we build, and we read what they build. */
class KafkaInteropTest {

  private static final int SEEDS = 25;

  @ParameterizedTest
  @EnumSource(Compression.class)
  void kafkaReadsWhatWeBuild(Compression compression) {
    for (long seed = 0; seed < SEEDS; seed++) {
      // given
      Random random = new Random(seed);
      List<Draft> drafts = RandomRecords.drafts(random);
      RecordBatchBuilder builder =
          new RecordBatchBuilder(compression, Compression.DEFAULT_LEVEL, 1 << 20)
              .baseOffset(random.nextInt(1000))
              .partitionLeaderEpoch(7)
              .producerState(4711, (short) 3, 42)
              .transactional(random.nextBoolean());

      // when
      ByteBuffer bytes = RandomRecords.build(drafts, builder).nioBuffer();

      // then
      MutableRecordBatch batch = kafkaBatch(bytes);
      batch.ensureValid();
      RecordBatch ours = new RecordBatch(bytes, 0);
      assertThat(batch.compressionType()).isEqualTo(CompressionType.forId(compression.id()));
      assertThat(batch.sizeInBytes()).isEqualTo(ours.sizeInBytes());
      assertThat(batch.baseOffset()).isEqualTo(ours.baseOffset());
      assertThat(batch.lastOffset()).isEqualTo(ours.lastOffset());
      assertThat(batch.maxTimestamp()).isEqualTo(ours.maxTimestamp());
      assertThat(batch.producerId()).isEqualTo(4711);
      assertThat(batch.producerEpoch()).isEqualTo((short) 3);
      assertThat(batch.baseSequence()).isEqualTo(42);
      assertThat(batch.lastSequence()).isEqualTo(ours.lastSequence());
      assertThat(batch.partitionLeaderEpoch()).isEqualTo(7);
      assertThat(batch.isTransactional()).isEqualTo(ours.isTransactional());
      List<Draft> read = new ArrayList<>();
      for (org.apache.kafka.common.record.internal.Record record : batch) {
        List<Header> headers = new ArrayList<>();
        for (org.apache.kafka.common.header.Header header : record.headers()) {
          headers.add(Header.of(header.key(), header.value()));
        }
        read.add(
            new Draft(
                record.timestamp(),
                RandomRecords.unwrap(record.key()),
                RandomRecords.unwrap(record.value()),
                headers));
      }
      assertSame(seed, read, drafts);
    }
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void weReadWhatKafkaBuilds(Compression compression) {
    for (long seed = 0; seed < SEEDS; seed++) {
      // given
      Random random = new Random(seed);
      List<Draft> drafts = RandomRecords.drafts(random);

      // when
      ByteBuffer bytes = kafkaBytes(compression, drafts);

      // then
      MemoryRecords records = MemoryRecords.wrap(bytes);
      assertThat(RecordBatchValidator.validateProduce(records, ProduceLimits.ofBatchBytes(1 << 20)))
          .as("seed %d", seed)
          .isInstanceOf(BatchValidation.Valid.class);
      RecordBatch batch = records.batches().iterator().next();
      assertThat(batch.compression()).isEqualTo(compression);
      assertThat(batch.recordCount()).isEqualTo(drafts.size());
      List<Draft> read = new ArrayList<>();
      for (Record record : batch.records()) {
        assertThat(record.offset()).isEqualTo(read.size());
        read.add(
            new Draft(
                record.timestamp(),
                RandomRecords.unwrap(record.key()),
                RandomRecords.unwrap(record.value()),
                record.headers()));
      }
      assertSame(seed, read, drafts);
    }
  }

  @Test
  void withoutCompression_ourBytesAreKafkasBytes() {
    for (long seed = 0; seed < SEEDS; seed++) {
      // given
      List<Draft> drafts = RandomRecords.drafts(new Random(seed));

      // when
      ByteBuffer ours = RandomRecords.build(drafts, new RecordBatchBuilder(1 << 20)).nioBuffer();

      // then
      assertThat(ours).as("seed %d", seed).isEqualTo(kafkaBytes(Compression.NONE, drafts));
    }
  }

  @Test
  void lz4Frame_isKafkasFrameHeader() {
    // given
    List<Draft> drafts = RandomRecords.drafts(new Random(5));

    // when
    ByteBuffer ours =
        RandomRecords.build(
                drafts, new RecordBatchBuilder(Compression.LZ4, Compression.DEFAULT_LEVEL, 1 << 20))
            .nioBuffer();

    // then
    ByteBuffer theirs = kafkaBytes(Compression.LZ4, drafts);
    assertThat(ours.slice(RecordBatch.HEADER_SIZE, 7))
        .isEqualTo(theirs.slice(RecordBatch.HEADER_SIZE, 7));
  }

  @Test
  void endTransactionMarker_isReadByKafka() {
    // when
    ByteBuffer bytes =
        ControlRecords.endTransactionMarker(99, 4711, (short) 3, true, 12).nioBuffer();

    // then
    MutableRecordBatch batch = kafkaBatch(bytes);
    batch.ensureValid();
    assertThat(batch.isControlBatch()).isTrue();
    assertThat(batch.isTransactional()).isTrue();
    EndTransactionMarker marker = EndTransactionMarker.deserialize(batch.iterator().next());
    assertThat(marker.coordinatorEpoch()).isEqualTo(12);
    assertThat(marker.controlType().name()).isEqualTo("COMMIT");
    Record record = new RecordBatch(bytes, 0).recordList().get(0);
    assertThat(ControlRecords.typeOf(record.key())).isEqualTo(ControlRecords.Type.COMMIT);
  }

  @Test
  void stamps_areWhatKafkaReads() {
    // given
    ByteBuffer bytes =
        RandomRecords.build(
                RandomRecords.drafts(new Random(11)),
                new RecordBatchBuilder(Compression.ZSTD, 3, 1 << 20))
            .nioBuffer();
    RecordBatch batch = new RecordBatch(bytes, 0);

    // when
    batch.setBaseOffset(1L << 40);
    batch.setPartitionLeaderEpoch(19);
    batch.setLogAppendTime(1_800_000_000_000L);
    batch.setProducerState(5, (short) 6, 7);

    // then
    MutableRecordBatch kafka = kafkaBatch(bytes);
    kafka.ensureValid();
    assertThat(kafka.baseOffset()).isEqualTo(1L << 40);
    assertThat(kafka.partitionLeaderEpoch()).isEqualTo(19);
    assertThat(kafka.timestampType().name).isEqualTo("LogAppendTime");
    assertThat(kafka.producerId()).isEqualTo(5);
    assertThat(kafka.iterator().next().timestamp()).isEqualTo(1_800_000_000_000L);
    assertThat(batch.recordList()).allMatch(record -> record.timestamp() == 1_800_000_000_000L);
  }

  private static ByteBuffer kafkaBytes(Compression compression, List<Draft> drafts) {
    SimpleRecord[] records =
        drafts.stream().map(KafkaInteropTest::kafkaRecord).toArray(SimpleRecord[]::new);
    ByteBuffer buffer =
        org.apache.kafka.common.record.internal.MemoryRecords.withRecords(
                org.apache.kafka.common.compress.Compression.of(compression.configValue()).build(),
                records)
            .buffer();
    return buffer.slice();
  }

  private static SimpleRecord kafkaRecord(Draft draft) {
    return new SimpleRecord(
        draft.timestamp(),
        draft.key(),
        draft.value(),
        draft.headers().stream()
            .map(header -> new RecordHeader(header.key(), RandomRecords.unwrap(header.value())))
            .toArray(org.apache.kafka.common.header.Header[]::new));
  }

  private static MutableRecordBatch kafkaBatch(ByteBuffer bytes) {
    return org.apache.kafka.common.record.internal.MemoryRecords.readableRecords(bytes.duplicate())
        .batches()
        .iterator()
        .next();
  }

  private static void assertSame(long seed, List<Draft> read, List<Draft> written) {
    assertThat(read).as("seed %d", seed).hasSameSizeAs(written);
    for (int i = 0; i < read.size(); i++) {
      assertThat(read.get(i).timestamp()).isEqualTo(written.get(i).timestamp());
      assertThat(read.get(i).key()).isEqualTo(written.get(i).key());
      assertThat(read.get(i).value()).isEqualTo(written.get(i).value());
      assertThat(read.get(i).headers()).isEqualTo(written.get(i).headers());
    }
  }
}
