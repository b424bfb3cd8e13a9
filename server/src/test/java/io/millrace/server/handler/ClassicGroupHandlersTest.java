package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.HeartbeatResponse;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.LeaveGroupRequest;
import io.millrace.protocol.message.LeaveGroupRequest.MemberIdentity;
import io.millrace.protocol.message.LeaveGroupResponse;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.protocol.message.SyncGroupResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The classic protocol of groups as a client sees it. */
class ClassicGroupHandlersTest extends GroupApiFixture {

  static Stream<Integer> joinVersions() {
    return versions(ApiKey.JOIN_GROUP);
  }

  @ParameterizedTest
  @MethodSource("joinVersions")
  void memberOfAClassicGroup_livesAndLeavesInEveryVersion(int version) {
    JoinGroupResponse joined = join(version, ODD_GROUP);
    assertThat(joined.errorCode()).isZero();
    assertThat(joined.generationId()).isEqualTo(1);
    assertThat(joined.protocolName()).isEqualTo("range");
    assertThat(joined.leader()).isEqualTo(joined.memberId()).startsWith("client-");
    assertThat(joined.members()).hasSize(1);

    int syncVersion = Math.min(version, ApiKey.SYNC_GROUP.highestVersion());
    SyncGroupResponse synced = sync(syncVersion, ODD_GROUP, joined.memberId(), 1);
    assertThat(synced.errorCode()).isZero();
    assertThat(synced.assignment().remaining()).isEqualTo(3);

    int beatVersion = Math.min(version, ApiKey.HEARTBEAT.highestVersion());
    assertThat(beat(beatVersion, ODD_GROUP, joined.memberId(), 1)).isZero();
    assertThat(beat(beatVersion, ODD_GROUP, joined.memberId(), -5))
        .isEqualTo(ErrorCode.ILLEGAL_GENERATION.code());

    int leaveVersion = Math.min(version, ApiKey.LEAVE_GROUP.highestVersion());
    assertThat(leave(leaveVersion, ODD_GROUP, joined.memberId())).isZero();
    assertThat(leave(leaveVersion, ODD_GROUP, joined.memberId()))
        .isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  private short beat(int version, String group, String memberId, int generation) {
    return ask(
            HeartbeatResponse.class,
            ApiKey.HEARTBEAT,
            version,
            new HeartbeatRequest(group, generation, memberId, null))
        .errorCode();
  }

  private short leave(int version, String group, String memberId) {
    LeaveGroupRequest.Builder request = LeaveGroupRequest.builder().groupId(group);
    if (version < 3) {
      request.memberId(memberId);
    } else {
      request.members(List.of(new MemberIdentity(memberId, null, null)));
    }
    LeaveGroupResponse answer =
        ask(LeaveGroupResponse.class, ApiKey.LEAVE_GROUP, version, request.build());
    return version < 3 ? answer.errorCode() : answer.members().get(0).errorCode();
  }

  @Test
  void joinOfASecondMember_waitsForTheFirst() {
    JoinGroupResponse first = join(9, "g");
    sync(5, "g", first.memberId(), 1);
    CompletableFuture<JoinGroupResponse> second =
        send(JoinGroupResponse.class, ApiKey.JOIN_GROUP, 3, joining("g", "").build());
    assertThat(second).isNotDone();
    assertThat(beat(4, "g", first.memberId(), 1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());

    send(JoinGroupResponse.class, ApiKey.JOIN_GROUP, 9, joining("g", first.memberId()).build());
    assertThat(second.join().generationId()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({
    "apache-kafka-java, HEARTBEAT, NONE",
    "apache-kafka-java, OFFSET_COMMIT, COORDINATOR_LOAD_IN_PROGRESS",
    "apache-kafka-java, LEAVE_GROUP, NONE",
    "librdkafka, OFFSET_COMMIT, NONE"
  })
  void heartbeatOfAClientThatDoesOtherThingsMeanwhile_isKeptUntilItAsksForMore(
      String software, ApiKey next, ErrorCode told) {
    peer.callsItself(software);
    JoinGroupResponse joined = join(9, "g");
    sync(5, "g", joined.memberId(), 1);
    HeartbeatRequest request = new HeartbeatRequest("g", 1, joined.memberId(), null);
    CompletableFuture<HeartbeatResponse> kept =
        send(HeartbeatResponse.class, ApiKey.HEARTBEAT, 4, request);
    assertThat(kept).isNotDone();

    peer.requestArrived(next);
    loop.run();
    assertThat(kept.join().errorCode()).isEqualTo(told.code());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "kafkajs", "kafka-python"})
  void heartbeatOfAnyOtherClient_isAnsweredAtOnce(String software) {
    peer.callsItself(software);
    JoinGroupResponse joined = join(9, "g");
    sync(5, "g", joined.memberId(), 1);
    assertThat(beat(4, "g", joined.memberId(), 1)).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 9})
  void joinOfTenMegabytes_isRefusedAndHarmsNobody(int version) {
    JoinGroupResponse other = join(9, "g");
    JoinGroupRequest large =
        joining("g", "")
            .protocols(
                List.of(new JoinGroupRequestProtocol("range", ByteBuffer.allocate(10 << 20))))
            .build();
    assertThat(ask(JoinGroupResponse.class, ApiKey.JOIN_GROUP, version, large).errorCode())
        .isEqualTo(ErrorCode.GROUP_MAX_SIZE_REACHED.code());
    assertThat(sync(5, "g", other.memberId(), 1).errorCode()).isZero();
  }

  @Test
  void joinWithNonsense_isRefused() {
    assertThat(joinError(joining("", ""))).isEqualTo(ErrorCode.INVALID_GROUP_ID);
    assertThat(joinError(joining("x".repeat(32_000), ""))).isEqualTo(ErrorCode.INVALID_GROUP_ID);
    assertThat(joinError(joining("g", "stranger"))).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
    assertThat(joinError(joining("g", "").sessionTimeoutMs(-1)))
        .isEqualTo(ErrorCode.INVALID_SESSION_TIMEOUT);
    assertThat(joinError(joining("g", "").protocols(List.of())))
        .isEqualTo(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    assertThat(joinError(joining("g", "").protocolType("")))
        .isEqualTo(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    assertThat(joinError(joining("g", "").groupInstanceId("i".repeat(32_000))))
        .isEqualTo(ErrorCode.INVALID_REQUEST);
    List<JoinGroupRequestProtocol> many =
        IntStream.range(0, 5_000)
            .mapToObj(i -> new JoinGroupRequestProtocol("p" + i, ByteBuffer.allocate(0)))
            .toList();
    assertThat(joinError(joining("g", "").protocols(many))).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(listed(5)).isEmpty();
  }

  private ErrorCode joinError(JoinGroupRequest.Builder request) {
    return ErrorCode.forCode(
        ask(JoinGroupResponse.class, ApiKey.JOIN_GROUP, 9, request.build()).errorCode());
  }

  @Test
  void syncWithoutProtocol_isRefusedSinceVersionFive() {
    JoinGroupResponse joined = join(9, "g");
    SyncGroupRequest bare =
        SyncGroupRequest.builder().groupId("g").memberId(joined.memberId()).generationId(1).build();
    assertThat(ask(SyncGroupResponse.class, ApiKey.SYNC_GROUP, 5, bare).errorCode())
        .isEqualTo(ErrorCode.INCONSISTENT_GROUP_PROTOCOL.code());
    assertThat(ask(SyncGroupResponse.class, ApiKey.SYNC_GROUP, 4, bare).errorCode()).isZero();
  }

  @Test
  void leaveOfFiveThousandStrangers_isAnsweredForEach() {
    List<MemberIdentity> strangers =
        IntStream.range(0, 5_000).mapToObj(i -> new MemberIdentity("m" + i, null, "x")).toList();
    LeaveGroupResponse answer =
        ask(
            LeaveGroupResponse.class,
            ApiKey.LEAVE_GROUP,
            5,
            LeaveGroupRequest.builder().groupId("g").members(strangers).build());
    assertThat(answer.members())
        .hasSize(5_000)
        .allMatch(member -> member.errorCode() == ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  @Test
  void withoutItsShard_everyRequestSaysSo() {
    runtime.stopAll("the test says so");
    loop.run();
    assertThat(join(9, "g").errorCode()).isEqualTo(ErrorCode.NOT_COORDINATOR.code());
    assertThat(committed(9, ORDERS, "orders", 0)).isEqualTo(ErrorCode.NOT_COORDINATOR);
    assertThat(heartbeat(1, first("m")).errorCode()).isEqualTo(ErrorCode.NOT_COORDINATOR.code());
    assertThat(listed(5)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/10.0.0.7:4711=/10.0.0.7",
        "localhost/127.0.0.1:1=/127.0.0.1",
        "/[0:0:0:0:0:0:0:1]:9=/0:0:0:0:0:0:0:1",
        "?=/?"
      })
  void host_isTheAddressAlone(String example) {
    String[] sides = example.split("=");
    assertThat(GroupRoutes.hostOf(sides[0])).isEqualTo(sides[1]);
  }
}
