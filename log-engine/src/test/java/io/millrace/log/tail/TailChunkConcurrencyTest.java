package io.millrace.log.tail;

import static io.millrace.concurrent.Interleavings.check;

import io.millrace.concurrent.Interleavings;
import io.millrace.concurrent.Race;
import io.millrace.protocol.record.RecordBatch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Readers beside the append loop, which shows batches and lets the chunk go. */
final class TailChunkConcurrencyTest {

  private static final int SIZE = RecordBatch.HEADER_SIZE;
  private static final int CAPACITY = 20 * SIZE;

  /** Batch i: its first and last bytes are i + 1, and it has one offset. */
  private static void stage(TailChunk chunk, int i) {
    byte[] batch = new byte[SIZE];
    Arrays.fill(batch, (byte) (i + 1));
    ByteBuffer bytes = ByteBuffer.wrap(batch).putInt(8, SIZE - 12).put(16, (byte) 2);
    chunk.copy(bytes, 0, SIZE);
    chunk.stage(SIZE, i + 1);
  }

  private static void read(TailChunk chunk, int from, int least) {
    TailChunk.Run run = chunk.read(from, Integer.MAX_VALUE, Long.MAX_VALUE, true);
    if (run == null) {
      return; // let go, or nothing there yet
    }
    ByteBuffer bytes = run.records().nioBuffer();
    check(run.nextOffset() >= least, "ends at " + run.nextOffset() + ", " + least + " was shown");
    check(bytes.remaining() == (run.nextOffset() - from) * SIZE, "length " + bytes.remaining());
    for (int offset = from; offset < run.nextOffset(); offset++) {
      int at = (offset - from) * SIZE;
      check(bytes.get(at) == offset + 1, "first byte of offset " + offset);
      check(bytes.get(at + SIZE - 1) == offset + 1, "last byte of offset " + offset);
    }
    run.records().release();
  }

  @Test
  void read_whileBatchesAreShown_findsWholeBatches() {
    Interleavings.explore(
        150,
        () -> {
          ByteBuf buffer = Unpooled.buffer(CAPACITY, CAPACITY);
          TailChunk chunk = Interleavings.shared(new TailChunk(0, buffer));
          for (int i = 0; i < 15; i++) {
            stage(chunk, i);
          }
          chunk.show();
          Interleavings.inParallel(
              () -> {
                stage(chunk, 15);
                chunk.show();
                stage(chunk, 16);
                chunk.show();
              },
              () -> read(chunk, 13, 15),
              () -> read(chunk, 15, 16));
          read(chunk, 16, 17);
          chunk.release();
          check(buffer.refCnt() == 0, "references left: " + buffer.refCnt());
        });
  }

  @Test
  void read_whileTheChunkIsLetGo_readsOrGivesUp() {
    Interleavings.explore(
        150,
        () -> {
          ByteBuf buffer = Unpooled.buffer(CAPACITY, CAPACITY);
          TailChunk chunk = Interleavings.shared(new TailChunk(0, buffer));
          stage(chunk, 0);
          chunk.show();
          Interleavings.inParallel(
              chunk::release, () -> read(chunk, 0, 1), () -> read(chunk, 0, 1));
          check(buffer.refCnt() == 0, "references left: " + buffer.refCnt());
          check(
              chunk.read(0, Integer.MAX_VALUE, 1, true) == null, "a chunk that was let go is read");
        });
  }

  @Test
  void read_whileBatchesAreShown_isNotMisledByTheProcessor() {
    Race.inVmOfItsOwn(Filling.class);
  }

  /** Batch after batch is shown, and a reader follows. */
  static final class Filling {
    private static final int BATCHES = 18;
    private final TailChunk chunk = new TailChunk(0, Unpooled.buffer(CAPACITY, CAPACITY));

    private void fill() {
      for (int i = 0; i < BATCHES; i++) {
        stage(chunk, i);
        chunk.show();
      }
    }

    private void follow() {
      for (int i = 0; i < BATCHES; i++) {
        TailChunkConcurrencyTest.read(chunk, i, i + 1);
      }
    }

    public static void main(String[] args) {
      Race.run(
          20,
          Filling::new,
          Filling::fill,
          Filling::follow,
          met -> TailChunkConcurrencyTest.read(met.chunk, 0, BATCHES));
    }
  }
}
