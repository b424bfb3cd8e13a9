package io.millrace.protocol.message;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.codec.WireReader;
import io.millrace.protocol.record.MemoryRecords;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A few messages spelled out by hand from the protocol's description, independent of any library.
 */
class GoldenBytesTest {

  @Test
  void headerOfApiVersionsZero_isVersionOne() {
    short version = ApiKey.API_VERSIONS.requestHeaderVersion((short) 0);
    RequestHeader header = new RequestHeader((short) 18, (short) 0, 1, "kcat");

    assertThat(version).isEqualTo((short) 1);
    assertThat(hex(header, version)).isEqualTo("0012" + "0000" + "00000001" + "0004" + "6b636174");
    assertThat(hex(ApiVersionsRequest.builder().build(), (short) 0)).isEmpty();
  }

  @Test
  void headerOfFlexibleRequest_hasTaggedFields_butPlainClientId() {
    short version = ApiKey.API_VERSIONS.requestHeaderVersion((short) 3);
    RequestHeader header = new RequestHeader((short) 18, (short) 3, 7, "kcat");

    assertThat(version).isEqualTo((short) 2);
    assertThat(hex(header, version))
        .isEqualTo("0012" + "0003" + "00000007" + "0004" + "6b636174" + "00");
  }

  @Test
  void apiVersionsRequestThree_hasCompactStrings() {
    ApiVersionsRequest request =
        ApiVersionsRequest.builder().clientSoftwareName("kcat").clientSoftwareVersion("2").build();

    assertThat(hex(request, (short) 3)).isEqualTo("05" + "6b636174" + "02" + "32" + "00");
  }

  @Test
  void apiVersionsResponse_headerStaysAtZero_bodyIsFlexibleFromThree() {
    ApiVersionsResponse response =
        ApiVersionsResponse.builder()
            .errorCode(ErrorCode.UNSUPPORTED_VERSION.code())
            .apiKeys(List.of(new ApiVersionsResponse.ApiVersion((short) 18, (short) 0, (short) 5)))
            .build();

    assertThat(ApiKey.API_VERSIONS.responseHeaderVersion((short) 3)).isEqualTo((short) 0);
    assertThat(hex(response, (short) 0)).isEqualTo("0023" + "00000001" + "0012" + "0000" + "0005");
    assertThat(hex(response, (short) 3))
        .isEqualTo("0023" + "02" + "0012" + "0000" + "0005" + "00" + "00000000" + "00");
  }

  @Test
  void metadataRequestForAllTopics_isNullArray() {
    MetadataRequest request = MetadataRequest.builder().topics(null).build();

    assertThat(hex(request, (short) 1)).isEqualTo("ffffffff");
    assertThat(hex(request, (short) 12)).isEqualTo("00" + "01" + "00" + "00");
  }

  @Test
  void metadataRequestByName_carriesZeroId() {
    MetadataRequest request =
        MetadataRequest.builder()
            .topics(List.of(new MetadataRequest.MetadataRequestTopic(Uuid.ZERO, "orders")))
            .allowAutoTopicCreation(false)
            .build();

    assertThat(hex(request, (short) 12))
        .isEqualTo("02" + "00".repeat(16) + "07" + "6f7264657273" + "00" + "00" + "00" + "00");
  }

  @Test
  void produceRequestNine_holdsRecordsWithCompactLength() {
    MemoryRecords records = MemoryRecords.wrap(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
    ProduceRequest request =
        ProduceRequest.builder()
            .acks((short) -1)
            .timeoutMs(30_000)
            .topicData(
                List.of(
                    ProduceRequest.TopicProduceData.builder()
                        .name("orders")
                        .partitionData(List.of(new ProduceRequest.PartitionProduceData(3, records)))
                        .build()))
            .build();

    String bytes =
        "00"
            + "ffff"
            + "00007530"
            + "02"
            + "07"
            + "6f7264657273" // no transaction, acks, timeout
            + "02"
            + "00000003"
            + "05"
            + "01020304"
            + "00"
            + "00"
            + "00";

    assertThat(hex(request, (short) 9)).isEqualTo(bytes);
    assertThat(read(bytes, (short) 9)).isEqualTo(request);
  }

  @Test
  void unknownTaggedField_isSkipped() {
    // Tag 100 with two bytes of something, after the known fields.
    String bytes = "00" + "ffff" + "00007530" + "01" + "01" + "64" + "02" + "cafe";

    ProduceRequest request = read(bytes, (short) 9);

    assertThat(request)
        .isEqualTo(ProduceRequest.builder().acks((short) -1).timeoutMs(30_000).build());
  }

  private static ProduceRequest read(String bytes, short version) {
    WireReader in = new WireReader(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(bytes)));
    ProduceRequest request =
        (ProduceRequest) MessageRegistry.readRequest(ApiKey.PRODUCE, in, version);
    assertThat(in.remaining()).isZero();
    return request;
  }

  private static String hex(Message message, short version) {
    return ByteBufUtil.hexDump(OurMessage.write(message, version));
  }
}
