package io.millrace.metadata.kv;

import static io.millrace.metadata.kv.KvCommands.bytes;
import static io.millrace.metadata.kv.KvCommands.close;
import static io.millrace.metadata.kv.KvCommands.compare;
import static io.millrace.metadata.kv.KvCommands.delete;
import static io.millrace.metadata.kv.KvCommands.deleteRange;
import static io.millrace.metadata.kv.KvCommands.open;
import static io.millrace.metadata.kv.KvCommands.put;
import static io.millrace.metadata.kv.KvCommands.txn;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.kv.proto.Compare;
import io.millrace.metadata.kv.proto.KvBatch;
import io.millrace.metadata.kv.proto.KvBatchResult;
import io.millrace.metadata.kv.proto.KvCommand;
import io.millrace.metadata.kv.proto.KvDelta;
import io.millrace.metadata.kv.proto.KvEntry;
import io.millrace.metadata.kv.proto.KvResult;
import io.millrace.metadata.kv.proto.Op;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random histories against a map that is so simple that it must be right; the seed is the
 * parameter.
 */
class KvStorePropertyTest {

  private static final int ENTRIES = 400;

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 5, 8, 13, 21, 34, 55, 89})
  void randomHistory_matchesTheModel_replaysAlike_andSurvivesASnapshotAnywhere(long seed)
      throws IOException {
    // given
    Random random = new Random(seed);
    AppliedLog log = new AppliedLog(50);
    AppliedLog replica = new AppliedLog(50);
    Model model = new Model();
    Follower follower = new Follower();
    log.subscribe(-1, follower);

    for (int i = 0; i < ENTRIES; i++) {
      // when the same entry is applied to the log, its replica and the model
      KvBatch batch = randomBatch(random, model);
      long term = 1L + i / 100;
      KvBatchResult results = log.apply(term, batch);
      KvBatchResult replicated = replica.apply(term, batch);
      for (int c = 0; c < batch.getCommandsCount(); c++) {
        model.apply(term, batch.getCommands(c), results.getResults(c));
      }

      // then all three agree
      assertThat(replicated).isEqualTo(results);
      assertThat(values(log.view())).isEqualTo(model.values);
      assertThat(follower.values).isEqualTo(model.values);
      assertThat(follower.revision).isEqualTo(log.view().revision());
      assertThat(log.view().sessions()).hasSize(model.sessions.size());
      if (random.nextInt(40) == 0) {
        replica = restored(replica);
      }
    }
    assertThat(written(replica)).isEqualTo(written(restored(log)));
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3})
  void followerThatComesBack_missesNothing(long seed) {
    // given a follower that stops listening now and then
    Random random = new Random(seed);
    AppliedLog log = new AppliedLog(20);
    Model model = new Model();
    Follower follower = new Follower();
    MetadataLog.Subscription subscription = log.subscribe(-1, follower);

    for (int i = 0; i < 300; i++) {
      // when
      KvBatch batch = randomBatch(random, model);
      KvBatchResult results = log.apply(1, batch);
      for (int c = 0; c < batch.getCommandsCount(); c++) {
        model.apply(1, batch.getCommands(c), results.getResults(c));
      }
      if (random.nextInt(10) == 0) {
        subscription.close();
      } else if (random.nextInt(10) == 0) {
        subscription.close();
        subscription = log.subscribe(follower.revision, follower);

        // then
        assertThat(follower.values).isEqualTo(model.values);
      }
    }
    assertThat(follower.snapshots).as("some gaps were longer than the history").isGreaterThan(1);
  }

  private static KvBatch randomBatch(Random random, Model model) {
    KvBatch.Builder batch = KvBatch.newBuilder();
    for (int c = 1 + random.nextInt(3); c > 0; c--) {
      KvCommand.Builder command = randomCommand(random, model).toBuilder();
      if (random.nextInt(3) == 0) {
        command.setRequestId(bytes("r" + random.nextInt(60)));
      }
      if (random.nextInt(10) == 0) {
        command.setTerm(1_000);
      }
      batch.addCommands(command);
    }
    return batch.build();
  }

  private static KvCommand randomCommand(Random random, Model model) {
    List<Long> sessions = new ArrayList<>(model.sessions.keySet());
    long session =
        sessions.isEmpty() || random.nextInt(5) == 0
            ? 0
            : sessions.get(random.nextInt(sessions.size()));
    return switch (random.nextInt(8)) {
      case 0 -> open(1_000 + random.nextInt(1_000), key(random));
      case 1 -> session == 0 ? close(999_999) : close(session, put(key(random), "closed"));
      case 2 -> txn(delete(key(random)), put(key(random), "v" + random.nextInt()));
      case 3 -> txn(deleteRange("/k" + random.nextInt(10), "/k" + random.nextInt(100)));
      case 4 ->
          txn(
              List.of(
                  compare(
                      key(random),
                      Compare.Target.EXISTS,
                      Compare.Relation.EQUAL,
                      random.nextInt(2))),
              List.of(put(key(random), "then")),
              List.of(put(key(random), "else"), delete(key(random))));
      default -> txn(put(key(random), "v" + random.nextInt(), session));
    };
  }

  private static String key(Random random) {
    return "/k" + random.nextInt(100);
  }

  private static Map<String, String> values(KvView view) {
    Map<String, String> values = new TreeMap<>();
    view.forEach(entry -> values.put(entry.getKey(), entry.getValue().toStringUtf8()));
    return values;
  }

  private static byte[] written(AppliedLog log) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    log.snapshot().writeTo(out);
    return out.toByteArray();
  }

  private static AppliedLog restored(AppliedLog log) throws IOException {
    AppliedLog copy = new AppliedLog(50);
    copy.restore(KvSnapshot.readFrom(new ByteArrayInputStream(written(log))));
    return copy;
  }

  /** What the store should hold, told by the commands and whether they were accepted. */
  private static final class Model {
    final Map<String, String> values = new TreeMap<>();
    final Map<String, Long> owners = new HashMap<>();
    final Map<Long, Boolean> sessions = new TreeMap<>();

    void apply(long term, KvCommand command, KvResult result) {
      if (result.getRepeatedRequest()) {
        return;
      }
      assertThat(result.getStatus() == KvResult.Status.FENCED)
          .isEqualTo(command.getTerm() != 0 && command.getTerm() != term);
      switch (result.getStatus()) {
        case OK, COMPARE_FAILED -> {
          boolean holds = result.getStatus() == KvResult.Status.OK;
          switch (command.getKindCase()) {
            case TXN -> {
              command
                  .getTxn()
                  .getComparesList()
                  .forEach(
                      c ->
                          assertThat(values.containsKey(c.getKey()) == (c.getNumber() == 1))
                              .isEqualTo(holds));
              run(holds ? command.getTxn().getSuccessList() : command.getTxn().getFailureList());
            }
            case OPEN_SESSION -> {
              sessions.put(result.getSessionId(), true);
              command
                  .getOpenSession()
                  .getPutsList()
                  .forEach(
                      p -> set(p.getKey(), p.getValue().toStringUtf8(), result.getSessionId()));
            }
            case CLOSE_SESSION -> {
              long session = command.getCloseSession().getSessionId();
              sessions.remove(session);
              owners
                  .entrySet()
                  .removeIf(e -> e.getValue() == session && values.remove(e.getKey()) != null);
              run(command.getCloseSession().getOpsList());
            }
            case KIND_NOT_SET -> throw new AssertionError();
          }
        }
        default -> {}
      }
    }

    private void run(List<Op> ops) {
      for (Op op : ops) {
        switch (op.getKindCase()) {
          case PUT ->
              set(
                  op.getPut().getKey(),
                  op.getPut().getValue().toStringUtf8(),
                  op.getPut().getSessionId());
          case DELETE -> {
            values.remove(op.getDelete().getKey());
            owners.remove(op.getDelete().getKey());
          }
          case DELETE_RANGE -> {
            String start = op.getDeleteRange().getStart();
            String end = op.getDeleteRange().getEnd();
            values
                .keySet()
                .removeIf(
                    k ->
                        k.compareTo(start) >= 0
                            && k.compareTo(end) < 0
                            && owners.remove(k) != null);
          }
          default -> {}
        }
      }
    }

    private void set(String key, String value, long session) {
      values.put(key, value);
      owners.put(key, session);
    }
  }

  /** Rebuilds the state from what the log tells. */
  private static final class Follower implements MetadataLogListener {
    final Map<String, String> values = new TreeMap<>();
    long revision;
    int snapshots;

    @Override
    public void onApplied(KvDelta delta) {
      assertThat(delta.getRevision()).isEqualTo(revision + 1);
      revision = delta.getRevision();
      delta.getDeletesList().forEach(values::remove);
      for (KvEntry put : delta.getPutsList()) {
        values.put(put.getKey(), put.getValue().toStringUtf8());
      }
    }

    @Override
    public void onSnapshot(KvView view) {
      snapshots++;
      revision = view.revision();
      values.clear();
      values.putAll(values(view));
    }

    private static Map<String, String> values(KvView view) {
      return KvStorePropertyTest.values(view);
    }
  }
}
