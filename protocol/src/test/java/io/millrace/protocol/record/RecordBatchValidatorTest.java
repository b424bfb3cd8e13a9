package io.millrace.protocol.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.BatchValidation.Invalid;
import io.millrace.protocol.record.BatchValidation.Valid;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a client may not get past the network thread. */
class RecordBatchValidatorTest {

  private static final ProduceLimits LIMITS = ProduceLimits.ofBatchBytes(1 << 20);

  @ParameterizedTest
  @EnumSource(Compression.class)
  void honestBatches_areValid(Compression compression) {
    for (long seed = 0; seed < 30; seed++) {
      // given
      List<RandomRecords.Draft> drafts = RandomRecords.drafts(new Random(seed));
      MemoryRecords records = RandomRecords.build(drafts, builder(compression));

      // when
      BatchValidation result = RecordBatchValidator.validateProduce(records, LIMITS);

      // then
      long min = drafts.stream().mapToLong(RandomRecords.Draft::timestamp).min().orElseThrow();
      long max = drafts.stream().mapToLong(RandomRecords.Draft::timestamp).max().orElseThrow();
      assertThat(result).as("seed %d", seed).isEqualTo(new Valid(1, drafts.size(), min, max));
    }
  }

  @Test
  void severalBatches_areCountedTogether() {
    // given
    ByteBuffer one = batch(Compression.NONE, 3);
    ByteBuffer two = batch(Compression.GZIP, 4);
    ByteBuffer both = ByteBuffer.allocate(one.limit() + two.limit()).put(one).put(two).flip();

    // when
    BatchValidation result = RecordBatchValidator.validateProduce(MemoryRecords.wrap(both), LIMITS);

    // then
    assertThat(result).isEqualTo(new Valid(2, 7, 1000, 1003));
  }

  @Test
  void noBatch_isRefused() {
    assertRefused(
        RecordBatchValidator.validateProduce(MemoryRecords.EMPTY, LIMITS),
        ErrorCode.INVALID_RECORD);
  }

  @Test
  void wrongChecksum_isCorrupt() {
    assertThat(
            changed(
                Compression.NONE, ErrorCode.CORRUPT_MESSAGE, b -> flip(b, b.limit() - 1), false))
        .contains("checksum");
  }

  @Test
  void otherMagic_isRefused() {
    assertThat(
            changed(
                Compression.NONE,
                ErrorCode.INVALID_RECORD,
                b -> b.put(RecordBatch.MAGIC_OFFSET, (byte) 1)))
        .isEqualTo("batch has magic 1, expected 2");
  }

  @Test
  void lengthBeyondThePayload_isCorrupt() {
    changed(
        Compression.NONE,
        ErrorCode.CORRUPT_MESSAGE,
        b -> b.putInt(RecordBatch.LENGTH, Integer.MAX_VALUE),
        false);
    changed(
        Compression.NONE, ErrorCode.CORRUPT_MESSAGE, b -> b.putInt(RecordBatch.LENGTH, -1), false);
    changed(
        Compression.NONE, ErrorCode.CORRUPT_MESSAGE, b -> b.putInt(RecordBatch.LENGTH, 48), false);
  }

  @Test
  void batchOverTheLimit_isTooLarge() {
    // given
    ByteBuffer batch = batch(Compression.NONE, 100);

    // when
    BatchValidation over =
        RecordBatchValidator.validateProduce(
            MemoryRecords.wrap(batch), ProduceLimits.ofBatchBytes(batch.limit() - 1));
    BatchValidation at =
        RecordBatchValidator.validateProduce(
            MemoryRecords.wrap(batch), ProduceLimits.ofBatchBytes(batch.limit()));

    // then
    assertRefused(over, ErrorCode.MESSAGE_TOO_LARGE);
    assertThat(at.isValid()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void lyingRecordCount_isRefused(Compression compression) {
    for (int lie : new int[] {0, -1, 4, 6, 1 << 30, Integer.MAX_VALUE}) {
      changed(
          compression,
          ErrorCode.INVALID_RECORD,
          b ->
              b.putInt(RecordBatch.RECORD_COUNT, lie)
                  .putInt(RecordBatch.LAST_OFFSET_DELTA, lie - 1));
      changed(compression, ErrorCode.INVALID_RECORD, b -> b.putInt(RecordBatch.RECORD_COUNT, lie));
    }
  }

  @Test
  void headersOfTheSystemsOwn_areRefused() {
    changed(Compression.NONE, ErrorCode.INVALID_RECORD, b -> setBit(b, RecordBatch.CONTROL_BIT));
    changed(
        Compression.NONE,
        ErrorCode.INVALID_TIMESTAMP,
        b -> setBit(b, RecordBatch.LOG_APPEND_TIME_BIT));
    changed(
        Compression.NONE, ErrorCode.INVALID_RECORD, b -> setBit(b, RecordBatch.TRANSACTIONAL_BIT));
    changed(
        Compression.NONE,
        ErrorCode.INVALID_RECORD,
        b -> b.putLong(RecordBatch.BASE_OFFSET, 9),
        false);
    changed(Compression.NONE, ErrorCode.INVALID_RECORD, b -> b.putLong(RecordBatch.PRODUCER_ID, 9));
    changed(Compression.NONE, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, b -> setBit(b, 7));
  }

  @Test
  void compressionOfOldClients_refusesZstd() {
    // given
    ProduceLimits beforeZstd = new ProduceLimits(1 << 20, 1 << 20, false, false);

    // then
    assertRefused(
        RecordBatchValidator.validateProduce(
            MemoryRecords.wrap(batch(Compression.ZSTD, 5)), beforeZstd),
        ErrorCode.UNSUPPORTED_COMPRESSION_TYPE);
  }

  @Test
  void compactedTopic_refusesNullKeys() {
    // given
    ProduceLimits compacted = new ProduceLimits(1 << 20, 1 << 20, true, true);
    MemoryRecords records =
        builder(Compression.NONE)
            .append(1, null, new byte[1])
            .append(1, new byte[1], null)
            .append(1, null, new byte[1])
            .build();

    // then
    BatchValidation refusal = RecordBatchValidator.validateProduce(records, compacted);
    assertRefused(refusal, ErrorCode.INVALID_RECORD);
    assertThat(((BatchValidation.Invalid) refusal).badRecords()).containsExactly(0, 2);
    assertThat(RecordBatchValidator.validateProduce(records, LIMITS).isValid()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(value = Compression.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void compressedOverTheLimit_isRefused(Compression compression) {
    // given: 32 MiB of zeros in a small batch
    MemoryRecords bomb = builder(compression).append(1, null, new byte[32 << 20]).build();
    assertThat(bomb.sizeInBytes()).isLessThan(4 << 20);

    // when
    BatchValidation refused =
        RecordBatchValidator.validateProduce(
            bomb, new ProduceLimits(4 << 20, 1 << 20, true, false));
    BatchValidation taken =
        RecordBatchValidator.validateProduce(
            bomb, new ProduceLimits(4 << 20, 64 << 20, true, false));

    // then
    assertRefused(refused, ErrorCode.INVALID_RECORD);
    assertThat(((Invalid) refused).reason()).contains("more than 1048576");
    assertThat(taken.isValid()).isTrue();
  }

  @Test
  void wrongMaxTimestamp_isCorrectedInPlace() {
    // given
    ByteBuffer batch = batch(Compression.NONE, 5);
    batch.putLong(RecordBatch.MAX_TIMESTAMP, 77);
    new RecordBatch(batch, 0).updateCrc();

    // when
    BatchValidation result =
        RecordBatchValidator.validateProduce(MemoryRecords.wrap(batch), LIMITS);

    // then
    assertThat(result).isEqualTo(new Valid(1, 5, 1000, 1004));
    assertThat(new RecordBatch(batch, 0).maxTimestamp()).isEqualTo(1004);
    assertThat(new RecordBatch(batch, 0).isCrcValid()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void mutatedRecords_giveAResultAndNeverMoreThanTheLimit(Compression compression) {
    // given: every mutation has a right checksum, so that it reaches what is behind it
    for (long seed = 0; seed < 400; seed++) {
      Random random = new Random(seed);
      ByteBuffer batch =
          RandomRecords.build(RandomRecords.drafts(random), builder(compression)).nioBuffer();
      mutate(random, batch);
      new RecordBatch(batch, 0).updateCrc();
      ProduceLimits limits = new ProduceLimits(1 << 20, 1 << 20, true, false);

      // when
      BatchValidation result =
          RecordBatchValidator.validateProduce(MemoryRecords.wrap(batch), limits);

      // then: what is called valid can be read, what is not has a client's error
      if (result instanceof Valid valid) {
        assertThat(new RecordBatch(batch, 0).recordList())
            .as("seed %d", seed)
            .hasSize(valid.records());
      } else {
        assertThat(result.error())
            .as("seed %d", seed)
            .isIn(
                ErrorCode.INVALID_RECORD,
                ErrorCode.INVALID_TIMESTAMP,
                ErrorCode.CORRUPT_MESSAGE,
                ErrorCode.UNSUPPORTED_COMPRESSION_TYPE);
        readWhatCanBeRead(batch);
      }
    }
  }

  @Test
  void randomBytes_giveAResult() {
    for (long seed = 0; seed < 2000; seed++) {
      Random random = new Random(seed);
      byte[] bytes = new byte[random.nextInt(300)];
      random.nextBytes(bytes);
      if (bytes.length > RecordBatch.HEADER_SIZE) {
        ByteBuffer.wrap(bytes)
            .putInt(RecordBatch.LENGTH, bytes.length - RecordBatch.LOG_OVERHEAD)
            .put(RecordBatch.MAGIC_OFFSET, RecordBatch.MAGIC);
        if (seed % 2 == 0) {
          new RecordBatch(ByteBuffer.wrap(bytes), 0).updateCrc();
        }
      }

      BatchValidation result =
          RecordBatchValidator.validateProduce(MemoryRecords.wrap(ByteBuffer.wrap(bytes)), LIMITS);

      assertThat(result.isValid()).as("seed %d", seed).isFalse();
    }
  }

  @Test
  void replicated_takesRisingOffsetsOnly() {
    // given
    ByteBuffer one = batch(Compression.NONE, 3);
    ByteBuffer two = batch(Compression.SNAPPY, 4);
    new RecordBatch(one, 0).setBaseOffset(10);
    new RecordBatch(two, 0).setBaseOffset(20);
    ByteBuffer rising =
        ByteBuffer.allocate(1 << 16).put(one.duplicate()).put(two.duplicate()).flip();
    ByteBuffer falling =
        ByteBuffer.allocate(1 << 16).put(two.duplicate()).put(one.duplicate()).flip();

    // then
    assertThat(RecordBatchValidator.validateReplicated(MemoryRecords.wrap(rising)))
        .isEqualTo(new Valid(2, 7, 1000, 1003));
    assertRefused(
        RecordBatchValidator.validateReplicated(MemoryRecords.wrap(falling)),
        ErrorCode.CORRUPT_MESSAGE);
  }

  private static void readWhatCanBeRead(ByteBuffer batch) {
    try {
      for (RecordBatch each : MemoryRecords.wrap(batch).batches()) {
        each.records(1 << 20).forEach(record -> {});
      }
    } catch (CorruptRecordsException expected) {
      // a clean error is all that is asked for
    }
  }

  private static void mutate(Random random, ByteBuffer batch) {
    int mutations = 1 + random.nextInt(3);
    for (int i = 0; i < mutations; i++) {
      int at = RecordBatch.ATTRIBUTES + random.nextInt(batch.limit() - RecordBatch.ATTRIBUTES);
      if (random.nextInt(4) == 0) { // rather the first bytes of the records, where the lengths are
        at = Math.min(batch.limit() - 1, RecordBatch.HEADER_SIZE + random.nextInt(24));
      }
      batch.put(at, (byte) random.nextInt());
    }
  }

  private static RecordBatchBuilder builder(Compression compression) {
    return new RecordBatchBuilder(compression, Compression.DEFAULT_LEVEL, 1 << 20);
  }

  private static ByteBuffer batch(Compression compression, int count) {
    RecordBatchBuilder builder = builder(compression);
    for (int i = 0; i < count; i++) {
      builder.append(1000 + i, new byte[] {(byte) i}, "value".getBytes(StandardCharsets.UTF_8));
    }
    return builder.build().nioBuffer();
  }

  private static String changed(
      Compression compression, ErrorCode expected, Consumer<ByteBuffer> change) {
    return changed(compression, expected, change, true);
  }

  private static String changed(
      Compression compression, ErrorCode expected, Consumer<ByteBuffer> change, boolean fixCrc) {
    ByteBuffer batch = batch(compression, 5);
    change.accept(batch);
    if (fixCrc) {
      batch.putInt(
          RecordBatch.CRC,
          RecordBatch.crcOf(batch, RecordBatch.ATTRIBUTES, batch.limit() - RecordBatch.ATTRIBUTES));
    }
    BatchValidation result =
        RecordBatchValidator.validateProduce(MemoryRecords.wrap(batch), LIMITS);
    assertRefused(result, expected);
    return ((Invalid) result).reason();
  }

  private static void assertRefused(BatchValidation result, ErrorCode error) {
    assertThat(result).isInstanceOf(Invalid.class);
    assertThat(result.error()).as(((Invalid) result).reason()).isEqualTo(error);
  }

  private static void setBit(ByteBuffer batch, int bit) {
    batch.putShort(RecordBatch.ATTRIBUTES, (short) (batch.getShort(RecordBatch.ATTRIBUTES) | bit));
  }

  private static void flip(ByteBuffer batch, int at) {
    batch.put(at, (byte) ~batch.get(at));
  }
}
