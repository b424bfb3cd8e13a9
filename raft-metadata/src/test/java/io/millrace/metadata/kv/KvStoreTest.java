package io.millrace.metadata.kv;

import static io.millrace.metadata.kv.KvCommands.bytes;
import static io.millrace.metadata.kv.KvCommands.close;
import static io.millrace.metadata.kv.KvCommands.compare;
import static io.millrace.metadata.kv.KvCommands.delete;
import static io.millrace.metadata.kv.KvCommands.deleteRange;
import static io.millrace.metadata.kv.KvCommands.open;
import static io.millrace.metadata.kv.KvCommands.put;
import static io.millrace.metadata.kv.KvCommands.range;
import static io.millrace.metadata.kv.KvCommands.txn;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.kv.proto.Compare;
import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.KvDelta;
import io.millrace.metadata.kv.proto.KvEntry;
import io.millrace.metadata.kv.proto.KvResult;
import io.millrace.metadata.kv.proto.KvResult.Status;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class KvStoreTest {

  private static final long TERM = 3;

  private final KvStore store = new KvStore();

  private KvStore.Applied apply(KvCommand command) {
    return store.apply(TERM, command);
  }

  private KvEntry entry(String key) {
    return Objects.requireNonNull(store.state().get(key), key);
  }

  @Test
  void put_keepsCreationAndCountsVersions() {
    // given
    apply(txn(put("/a", "1")));
    apply(txn(put("/b", "1")));

    // when
    KvStore.Applied applied = apply(txn(put("/a", "2")));

    // then
    assertThat(applied.result().getRevision()).isEqualTo(3);
    assertThat(entry("/a").getCreateRevision()).isEqualTo(1);
    assertThat(entry("/a").getModRevision()).isEqualTo(3);
    assertThat(entry("/a").getVersion()).isEqualTo(2);
    assertThat(applied.result().getOps(0).getEntries(0).getValue()).isEqualTo(bytes("1"));
  }

  @Test
  void transaction_whoseCompareFails_appliesTheOtherBranch() {
    // given
    apply(txn(put("/a", "1")));
    Compare absent = compare("/a", Compare.Target.EXISTS, Compare.Relation.EQUAL, 0);

    // when
    KvStore.Applied applied =
        apply(txn(List.of(absent), List.of(put("/a", "2")), List.of(put("/b", "x"))));

    // then
    assertThat(applied.result().getStatus()).isEqualTo(Status.COMPARE_FAILED);
    assertThat(entry("/a").getValue()).isEqualTo(bytes("1"));
    assertThat(entry("/b").getValue()).isEqualTo(bytes("x"));
  }

  @Test
  void compare_ofValueAndRevisions_holdsAsNamed() {
    apply(txn(put("/a", "1")));
    apply(txn(put("/a", "2")));
    Compare value =
        Compare.newBuilder()
            .setKey("/a")
            .setTarget(Compare.Target.VALUE)
            .setValue(bytes("2"))
            .build();

    assertThat(
            apply(
                    txn(
                        List.of(
                            value,
                            compare(
                                "/a", Compare.Target.CREATE_REVISION, Compare.Relation.EQUAL, 1),
                            compare("/a", Compare.Target.MOD_REVISION, Compare.Relation.GREATER, 1),
                            compare("/a", Compare.Target.VERSION, Compare.Relation.LESS, 3),
                            compare(
                                "/none", Compare.Target.MOD_REVISION, Compare.Relation.EQUAL, 0)),
                        List.of(),
                        List.of()))
                .result()
                .getStatus())
        .isEqualTo(Status.OK);
  }

  @Test
  void commandOfAnotherTerm_isFencedAndLeavesTheStateAlone() {
    KvState before = store.state();

    KvStore.Applied applied = apply(txn(put("/a", "1")).toBuilder().setTerm(TERM - 1).build());

    assertThat(applied.result().getStatus()).isEqualTo(Status.FENCED);
    assertThat(applied.delta()).isNull();
    assertThat(store.state()).isSameAs(before);
  }

  @Test
  void commandWithoutEffect_takesNoRevision() {
    KvStore.Applied applied = apply(txn(delete("/none"), range("", "")));

    assertThat(applied.result().getRevision()).isZero();
    assertThat(applied.delta()).isNull();
  }

  @Test
  void keyMadeAndUnmadeInOneRevision_leavesNoTraceInTheDelta() {
    apply(txn(put("/old", "1")));

    KvStore.Applied applied =
        apply(txn(put("/new", "1"), delete("/new"), delete("/old"), put("/old", "2")));

    KvDelta delta = Objects.requireNonNull(applied.delta());
    assertThat(delta.getDeletesList()).isEmpty();
    assertThat(delta.getPutsList()).extracting(KvEntry::getKey).containsExactly("/old");
    assertThat(entry("/old").getVersion()).isEqualTo(1);
    assertThat(entry("/old").getCreateRevision()).isEqualTo(2);
  }

  @Test
  void transactionThatFailsHalfWay_changesNothing() {
    KvStore.Applied applied = apply(txn(put("/a", "1"), put("/b", "1", 99)));

    assertThat(applied.result().getStatus()).isEqualTo(Status.SESSION_NOT_FOUND);
    assertThat(store.state().size()).isZero();
    assertThat(store.state().revision()).isZero();
  }

  @Test
  void closedSession_takesItsKeysWithItInOneRevision() {
    // given a session with two keys, one of which it lost to nobody
    long session = apply(open(6_000, "/brokers/1", "/tmp/x")).result().getSessionId();
    apply(txn(put("/tmp/x", "kept")));

    // when
    KvStore.Applied applied = apply(close(session, put("/fenced/1", "yes")));

    // then
    assertThat(applied.result().getStatus()).isEqualTo(Status.OK);
    KvDelta delta = Objects.requireNonNull(applied.delta());
    assertThat(delta.getDeletesList()).containsExactly("/brokers/1");
    assertThat(delta.getClosedSessionsList()).containsExactly(session);
    assertThat(entry("/tmp/x").getValue()).isEqualTo(bytes("kept"));
    assertThat(entry("/fenced/1").getModRevision()).isEqualTo(applied.result().getRevision());
    assertThat(store.state().sessions()).isEmpty();
    assertThat(apply(close(session)).result().getStatus()).isEqualTo(Status.SESSION_NOT_FOUND);
  }

  @Test
  void repeatedRequest_isAnsweredFromMemoryAndNotAppliedAgain() {
    // given
    KvCommand command = txn(put("/a", "1")).toBuilder().setRequestId(bytes("r1")).build();
    KvResult first = apply(command).result();
    apply(txn(put("/a", "2")));

    // when
    KvResult again = apply(command).result();

    // then
    assertThat(again.getRepeatedRequest()).isTrue();
    assertThat(again.getRevision()).isEqualTo(first.getRevision());
    assertThat(entry("/a").getValue()).isEqualTo(bytes("2"));
  }

  @Test
  void rememberedRequests_areBounded() {
    for (int i = 0; i <= KvLimits.REMEMBERED_REQUESTS; i++) {
      apply(txn(put("/a", "" + i)).toBuilder().setRequestId(bytes("r" + i)).build());
    }

    assertThat(store.state().rememberedRequests()).hasSize(KvLimits.REMEMBERED_REQUESTS);
    assertThat(store.state().rememberedRequests().get(0).getRequestId()).isEqualTo(bytes("r1"));
  }

  @Test
  void valueBeyondTheLimit_isInvalid() {
    KvStore.Applied applied = apply(txn(put("/a", "x".repeat(KvLimits.MAX_VALUE_BYTES + 1))));

    assertThat(applied.result().getStatus()).isEqualTo(Status.INVALID);
    assertThat(applied.result().getReason()).contains("/a");
  }

  @Test
  void ranges_areHalfOpenAndInOrder() {
    apply(txn(put("/c", "3"), put("/a", "1"), put("/b", "2"), put("/d", "4")));

    KvResult result = apply(txn(range("/b", "/d"), deleteRange("/b", ""))).result();

    assertThat(result.getOps(0).getEntriesList())
        .extracting(KvEntry::getKey)
        .containsExactly("/b", "/c");
    assertThat(result.getOps(1).getCount()).isEqualTo(3);
    assertThat(store.state().size()).isEqualTo(1);
    assertThat(Keys.endOfPrefix("/a/")).isEqualTo("/a0");
  }
}
