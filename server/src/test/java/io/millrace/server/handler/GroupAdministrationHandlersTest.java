package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.DeleteGroupsRequest;
import io.millrace.protocol.message.DeleteGroupsResponse;
import io.millrace.protocol.message.DescribeGroupsRequest;
import io.millrace.protocol.message.DescribeGroupsResponse;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.ListGroupsRequest;
import io.millrace.protocol.message.ListGroupsResponse;
import io.millrace.protocol.message.OffsetCommitResponse;
import io.millrace.server.coordinator.MemoryLog;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What administrators ask of groups, as they see it. */
class GroupAdministrationHandlersTest extends GroupApiFixture {

  @Test
  void listGroups_hasAllShardsAndFilters() {
    heartbeat(1, first("m"));
    join(9, "classic-a");
    join(9, "classic-b");
    committed(9, ORDERS, "orders", 0);
    for (int version = 0; version <= 5; version++) {
      assertThat(listed(version)).containsExactly(ODD_GROUP, "c", "classic-a", "classic-b");
    }
    assertThat(listed(4, "stable")).containsExactly("c");
    assertThat(listed(4, "EMPTY")).containsExactly(ODD_GROUP);
    assertThat(listed(5, "CompletingRebalance", "classic"))
        .containsExactly("classic-a", "classic-b");
    assertThat(listed(5, "nonsense", "nonsense")).isEmpty();
  }

  @Test
  void listGroups_whileAShardLoads_saysSoAndNamesTheGroupsOfTheOther() {
    for (int i = 0; i < 30; i++) {
      committed(9, ORDERS, "orders", i);
      join(9, "g" + i);
    }
    List<String> all = listed(5);
    runtime.start(0, 2, logs.get(0).next());
    ListGroupsResponse answer =
        ask(ListGroupsResponse.class, ApiKey.LIST_GROUPS, 5, ListGroupsRequest.builder().build());

    assertThat(answer.errorCode()).isEqualTo(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS.code());
    assertThat(answer.groups()).isNotEmpty().hasSizeLessThan(all.size());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
  void describeGroups_describesEachOnce(int version) {
    JoinGroupResponse joined = join(9, "g");
    sync(5, "g", joined.memberId(), 1);
    DescribeGroupsResponse answer =
        ask(
            DescribeGroupsResponse.class,
            ApiKey.DESCRIBE_GROUPS,
            version,
            DescribeGroupsRequest.builder()
                .groups(List.of("g", "none", "g"))
                .includeAuthorizedOperations(version >= 3)
                .build());
    assertThat(answer.groups()).hasSize(2);
    DescribeGroupsResponse.DescribedGroup group = answer.groups().get(0);
    assertThat(group.groupState()).isEqualTo("Stable");
    assertThat(group.protocolData()).isEqualTo("range");
    assertThat(group.members().get(0).clientHost()).isEqualTo("/10.0.0.7");
    assertThat(group.members().get(0).memberAssignment().remaining()).isEqualTo(3);
    assertThat(group.authorizedOperations())
        .isEqualTo(version >= 3 ? AuthorizedOperations.GROUP : AuthorizedOperations.NOT_ASKED);
    assertThat(answer.groups().get(1).groupState()).isEqualTo("Dead");
    assertThat(ErrorCode.forCode(answer.groups().get(1).errorCode()))
        .isEqualTo(version >= 6 ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.NONE);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void deleteGroups_deletesTheEmptyOnes(int version) {
    join(9, "busy");
    committed(9, ORDERS, "orders", 0);
    DeleteGroupsResponse answer =
        ask(
            DeleteGroupsResponse.class,
            ApiKey.DELETE_GROUPS,
            version,
            new DeleteGroupsRequest(List.of(ODD_GROUP, "busy", "none", "", ODD_GROUP)));
    assertThat(answer.results())
        .extracting(result -> ErrorCode.forCode(result.errorCode()))
        .containsExactly(
            ErrorCode.NONE,
            ErrorCode.NON_EMPTY_GROUP,
            ErrorCode.GROUP_ID_NOT_FOUND,
            ErrorCode.INVALID_GROUP_ID);
    assertThat(listed(5)).containsExactly("busy");
  }

  @Test
  void listAndDescribe_waitForNoCommit_butADeletionDoes() {
    // given: commits are stuck, as when replicas are missing
    join(9, "g");
    logs.forEach(MemoryLog::hold);
    CompletableFuture<OffsetCommitResponse> commit =
        send(OffsetCommitResponse.class, ApiKey.OFFSET_COMMIT, 9, commit(9, ORDERS, "orders", 0));
    CompletableFuture<DeleteGroupsResponse> deletion =
        send(
            DeleteGroupsResponse.class,
            ApiKey.DELETE_GROUPS,
            2,
            new DeleteGroupsRequest(List.of("a", "b")));

    // when, then: answered at once
    assertThat(listed(5)).isNotEmpty();
    assertThat(
            ask(
                    DescribeGroupsResponse.class,
                    ApiKey.DESCRIBE_GROUPS,
                    6,
                    DescribeGroupsRequest.builder().groups(List.of("g")).build())
                .groups())
        .hasSize(1);
    assertThat(commit).isNotDone();
    assertThat(deletion).isNotDone(); // in each of the two shards is one
  }
}
