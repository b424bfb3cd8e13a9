package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.codec.WireReader;
import io.millrace.protocol.message.ApiVersionsResponse;
import io.millrace.protocol.message.MessageRegistry;
import io.millrace.protocol.message.ProduceResponse;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What strangers and liars send. After each the node still answers. */
class BadInputTest {
  private static final short PRODUCE_VERSION = 9;
  @TempDir static Path directory;
  private static Node node;

  @BeforeAll
  static void start() throws IOException {
    node = TestNodes.start(TestNodes.single(directory));
    // The first metadata request creates the topic that the lying batches go to.
    exchange(metadataRequest("victim"));
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @AfterEach
  void nodeStillAnswers() throws IOException {
    ByteBuffer answer = exchange(request(ApiKey.API_VERSIONS.id(), (short) 0, out -> {}));
    assertThat(answer.getInt()).isEqualTo(7);
    assertThat(answer.getShort()).isZero();
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket("localhost", node.port());
    socket.setSoTimeout(10_000);
    return socket;
  }

  /** True when the node closed the connection without a word. */
  private static boolean isClosedAfter(byte[] bytes) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(bytes);
      socket.getOutputStream().flush();
      return socket.getInputStream().read() < 0;
    } catch (SocketException reset) {
      return true;
    }
  }

  private interface Body {
    void write(DataOutputStream out) throws IOException;
  }

  private static byte[] request(short key, short version, Body body) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeShort(key);
    out.writeShort(version);
    out.writeInt(7);
    out.writeShort(-1);
    body.write(out);
    return frame(bytes.toByteArray());
  }

  private static byte[] frame(byte[] content) {
    return ByteBuffer.allocate(4 + content.length).putInt(content.length).put(content).array();
  }

  private static byte[] metadataRequest(String topic) throws IOException {
    return request(
        ApiKey.METADATA.id(),
        (short) 1,
        out -> {
          out.writeInt(1);
          out.writeUTF(topic);
        });
  }

  private static ByteBuffer exchange(byte[] frame) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(frame);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      byte[] answer = new byte[in.readInt()];
      in.readFully(answer);
      return ByteBuffer.wrap(answer);
    }
  }

  @Test
  void randomBytes_closeTheConnection() throws IOException {
    byte[] bytes = new byte[1000];
    new Random(42).nextBytes(bytes);
    bytes[0] = (byte) 0x80; // a negative length; other lengths would just be waited for
    assertThat(isClosedAfter(bytes)).isTrue();
  }

  @Test
  void httpRequest_closesTheConnection() throws IOException {
    assertThat(
            isClosedAfter("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII)))
        .isTrue();
  }

  @Test
  void tlsHello_closesTheConnection() throws IOException {
    assertThat(isClosedAfter(new byte[] {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3, 3})).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, Integer.MIN_VALUE, Integer.MAX_VALUE, 104_857_601})
  void frameLengthThatCannotBe_closesTheConnection(int length) throws IOException {
    assertThat(isClosedAfter(ByteBuffer.allocate(4).putInt(length).array())).isTrue();
  }

  @ParameterizedTest
  @ValueSource(shorts = {-1, 4, 7, 1000, 28, 76})
  void unknownOrUnservedKey_closesTheConnection(short key) throws IOException {
    assertThat(isClosedAfter(request(key, (short) 0, out -> {}))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(shorts = {-1, 2, 99})
  void versionThatIsNotServed_closesTheConnection(short version) throws IOException {
    assertThat(isClosedAfter(request(ApiKey.PRODUCE.id(), version, out -> {}))).isTrue();
  }

  @Test
  void apiVersionsOfTheFuture_isAnsweredInVersionZeroWithTheRange() throws IOException {
    ByteBuffer answer =
        exchange(request(ApiKey.API_VERSIONS.id(), (short) 99, out -> out.writeInt(12345)));

    assertThat(answer.getInt()).isEqualTo(7);
    ApiVersionsResponse response =
        ApiVersionsResponse.read(new WireReader(Unpooled.wrappedBuffer(answer)), (short) 0);
    assertThat(response.errorCode()).isEqualTo(ErrorCode.UNSUPPORTED_VERSION.code());
    assertThat(response.apiKeys())
        .anySatisfy(
            range -> {
              assertThat(range.apiKey()).isEqualTo(ApiKey.API_VERSIONS.id());
              assertThat(range.maxVersion()).isEqualTo((short) 5);
            });
    assertThat(response.apiKeys())
        .anySatisfy(
            range -> {
              assertThat(range.apiKey()).isEqualTo(ApiKey.PRODUCE.id());
              assertThat(range.minVersion()).isZero();
            });
  }

  @Test
  void arrayThatClaimsTwoBillionEntries_closesTheConnection() throws IOException {
    assertThat(
            isClosedAfter(
                request(ApiKey.METADATA.id(), (short) 1, out -> out.writeInt(Integer.MAX_VALUE))))
        .isTrue();
  }

  @Test
  void bytesBehindTheRequest_closeTheConnection() throws IOException {
    assertThat(isClosedAfter(request(ApiKey.API_VERSIONS.id(), (short) 0, out -> out.writeInt(1))))
        .isTrue();
  }

  // ---- batches that lie

  private static byte[] batch(Compression compression) {
    SimpleRecord[] records = new SimpleRecord[3];
    for (int i = 0; i < 3; i++) {
      records[i] =
          new SimpleRecord(1000 + i, "key".getBytes(StandardCharsets.UTF_8), new byte[100]);
    }
    ByteBuffer buffer = MemoryRecords.withRecords(compression, records).buffer();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static void fixCrc(byte[] batch) {
    CRC32C crc = new CRC32C();
    crc.update(batch, 21, batch.length - 21);
    ByteBuffer.wrap(batch).putInt(17, (int) crc.getValue());
  }

  private static ErrorCode produce(byte[] records) throws IOException {
    byte[] request =
        request(
            ApiKey.PRODUCE.id(),
            PRODUCE_VERSION,
            out -> {
              out.writeByte(0); // the header's tags
              out.writeByte(0); // no transactional id
              out.writeShort(-1);
              out.writeInt(5000);
              out.writeByte(2);
              out.writeByte("victim".length() + 1);
              out.writeBytes("victim");
              out.writeByte(2);
              out.writeInt(0);
              int length = records.length + 1;
              while ((length & ~0x7f) != 0) {
                out.writeByte((length & 0x7f) | 0x80);
                length >>>= 7;
              }
              out.writeByte(length);
              out.write(records);
              out.write(new byte[3]);
            });
    ByteBuffer answer = exchange(request);
    answer.getInt();
    answer.get();
    ProduceResponse response =
        (ProduceResponse)
            MessageRegistry.readResponse(
                ApiKey.PRODUCE, new WireReader(Unpooled.wrappedBuffer(answer)), PRODUCE_VERSION);
    return ErrorCode.forCode(response.responses().get(0).partitionResponses().get(0).errorCode());
  }

  @Test
  void honestBatch_isTaken() throws IOException {
    assertThat(produce(batch(Compression.NONE))).isEqualTo(ErrorCode.NONE);
  }

  @Test
  void batchesThatLie_areRefusedByTheRightError() throws IOException {
    record Lie(String what, Consumer<ByteBuffer> lie, boolean withGoodCrc, ErrorCode error) {}
    Lie[] lies = {
      new Lie(
          "a flipped bit",
          batch -> batch.put(80, (byte) (batch.get(80) ^ 1)),
          false,
          ErrorCode.CORRUPT_MESSAGE),
      new Lie("magic 1", batch -> batch.put(16, (byte) 1), true, ErrorCode.INVALID_RECORD),
      new Lie(
          "more records than there are",
          batch -> batch.putInt(57, 4).putInt(23, 3),
          true,
          ErrorCode.INVALID_RECORD),
      new Lie(
          "fewer records than there are",
          batch -> batch.putInt(57, 2).putInt(23, 1),
          true,
          ErrorCode.INVALID_RECORD),
      new Lie(
          "two billion records",
          batch -> batch.putInt(57, Integer.MAX_VALUE).putInt(23, Integer.MAX_VALUE - 1),
          true,
          ErrorCode.INVALID_RECORD),
      new Lie(
          "last offset before the first",
          batch -> batch.putInt(23, -5),
          true,
          ErrorCode.INVALID_RECORD),
      new Lie(
          "a length beyond its end",
          batch -> batch.putInt(8, 1 << 20),
          true,
          ErrorCode.CORRUPT_MESSAGE),
      new Lie("a negative length", batch -> batch.putInt(8, -1), true, ErrorCode.CORRUPT_MESSAGE),
      new Lie(
          "an unknown codec",
          batch -> batch.putShort(21, (short) 7),
          true,
          ErrorCode.UNSUPPORTED_COMPRESSION_TYPE),
      new Lie(
          "a control batch",
          batch -> batch.putShort(21, (short) 0x20),
          true,
          ErrorCode.INVALID_RECORD),
    };
    for (Lie lie : lies) {
      byte[] batch = batch(Compression.NONE);
      lie.lie().accept(ByteBuffer.wrap(batch));
      if (lie.withGoodCrc()) {
        fixCrc(batch);
      }
      assertThat(produce(batch)).as(lie.what()).isEqualTo(lie.error());
    }
  }

  @Test
  void compressedBatchWithALyingSize_isRefused() throws IOException {
    for (Map.Entry<String, Compression> codec :
        Map.of(
                "snappy",
                Compression.snappy().build(),
                "lz4",
                Compression.lz4().build(),
                "zstd",
                Compression.zstd().build(),
                "gzip",
                Compression.gzip().build())
            .entrySet()) {
      byte[] batch = batch(codec.getValue());
      // Whatever stands behind the codec's own header: sizes of blocks or their content.
      for (int i = 61 + 16; i < Math.min(batch.length, 61 + 24); i++) {
        batch[i] = (byte) 0xff;
      }
      fixCrc(batch);
      assertThat(produce(batch))
          .as(codec.getKey())
          .isIn(ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE);
    }
  }
}
