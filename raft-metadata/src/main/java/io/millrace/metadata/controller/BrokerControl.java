package io.millrace.metadata.controller;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.BrokerStorage;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.record.MetadataChange;
import io.millrace.metadata.record.MetadataRecord.BrokerRecord;
import io.millrace.metadata.record.MetadataRecord.BrokerStateRecord;
import io.millrace.metadata.record.MetadataRecord.BrokerStorageRecord;
import io.millrace.metadata.record.RecordKey;
import io.millrace.metadata.request.ControlledShutdown;
import io.millrace.metadata.request.Heartbeat;
import io.millrace.metadata.request.RegisterBroker;
import io.millrace.metadata.request.ReportStorage;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Decides who takes part in the cluster. Pure: what it knows of sessions is passed in. */
final class BrokerControl {

  /** Stands for "the revision that this decision gets", which is known once it is written. */
  static final long EPOCH_OF_COMMIT = -2;

  private BrokerControl() {}

  /**
   * @param sessionAlive whether a broker of that id was heard of within its session
   */
  static ControlDecision<RegisterBroker.Response> register(
      MetadataImage image, RegisterBroker request, boolean sessionAlive) {
    int id = request.brokerId();
    if (id < 0 || request.endpoints().isEmpty()) {
      return refuse(
          ErrorCode.INVALID_REGISTRATION, "broker " + id + " has endpoints " + request.endpoints());
    }
    BrokerImage old = image.cluster().broker(id);
    List<MetadataChange> changes = new ArrayList<>();
    if (old != null) {
      if (old.incarnation().equals(request.incarnation())) {
        return ControlDecision.answer(new RegisterBroker.Response(Result.OK, old.epoch()));
      }
      if (!old.directory().equals(request.directory())) {
        if (sessionAlive) {
          return refuse(
              ErrorCode.DUPLICATE_BROKER_REGISTRATION,
              "broker "
                  + id
                  + " with data directory "
                  + request.directory()
                  + " cannot register while the one with "
                  + old.directory()
                  + " is alive");
        }
        String sole = soleReplica(image, id);
        if (sole != null) {
          return refuse(
              ErrorCode.INVALID_REGISTRATION,
              "broker "
                  + id
                  + " came with data directory "
                  + request.directory()
                  + " instead of "
                  + old.directory()
                  + ", but it is the only in-sync replica of "
                  + sole
                  + ": bring the old directory back, or unregister the broker and accept the loss");
        }
      }
      // The process before is gone: what it led is led by others until this one has caught up.
      changes.addAll(partitionsWithout(image, id));
    }
    changes.add(
        MetadataChange.put(
            new BrokerRecord(
                id,
                request.incarnation(),
                request.directory(),
                request.rack(),
                request.endpoints())));
    changes.add(MetadataChange.put(new BrokerStateRecord(id, true, false)));
    if (old != null && !old.storage().equals(BrokerStorage.WELL)) {
      // Its disks may be others, or mended: it tells again.
      changes.add(MetadataChange.put(new BrokerStorageRecord(id, BrokerStorage.WELL)));
    }
    return new ControlDecision<>(changes, new RegisterBroker.Response(Result.OK, EPOCH_OF_COMMIT));
  }

  /** What a heartbeat changes: a fenced broker that has caught up is let in. */
  static ControlDecision<Heartbeat.Response> heartbeat(MetadataImage image, Heartbeat request) {
    BrokerImage broker = image.cluster().broker(request.brokerId());
    Result known = checkEpoch(broker, request.brokerId(), request.epoch());
    if (broker == null || !known.isOk()) {
      return ControlDecision.answer(new Heartbeat.Response(known, true));
    }
    if (request.leaving()) {
      return new ControlDecision<>(
          fence(image, broker.id(), broker.epoch()), new Heartbeat.Response(Result.OK, true));
    }
    if (!broker.fenced() || request.imageRevision() < broker.epoch()) {
      return ControlDecision.answer(new Heartbeat.Response(Result.OK, broker.fenced()));
    }
    List<MetadataChange> changes = new ArrayList<>();
    changes.add(
        MetadataChange.put(new BrokerStateRecord(broker.id(), false, broker.shuttingDown())));
    if (!broker.shuttingDown()) {
      IntPredicate active = id -> id == broker.id() || image.cluster().isActive(id);
      changes.addAll(
          Partitions.change(
              image,
              Integer.MAX_VALUE,
              (topic, state) ->
                  state.replicas().contains(broker.id())
                      ? LeaderElector.elect(
                          state,
                          Partitions.serving(image, topic, state, active),
                          Partitions.uncleanAllowed(image, topic.name()))
                      : state));
    }
    return new ControlDecision<>(changes, new Heartbeat.Response(Result.OK, false));
  }

  /**
   * The changes that shut a broker out; none when it is out already or has registered again since.
   */
  static List<MetadataChange> fence(MetadataImage image, int id, long epoch) {
    BrokerImage broker = image.cluster().broker(id);
    if (broker == null || broker.epoch() != epoch || broker.fenced()) {
      return List.of();
    }
    List<MetadataChange> changes = new ArrayList<>(partitionsWithout(image, id));
    changes.add(MetadataChange.put(new BrokerStateRecord(id, true, broker.shuttingDown())));
    return changes;
  }

  static ControlDecision<ControlledShutdown.Response> controlledShutdown(
      MetadataImage image, ControlledShutdown request) {
    int id = request.brokerId();
    BrokerImage broker = image.cluster().broker(id);
    Result known = checkEpoch(broker, id, request.epoch());
    if (broker == null || !known.isOk()) {
      return ControlDecision.answer(new ControlledShutdown.Response(known, 0));
    }
    List<MetadataChange> changes = new ArrayList<>();
    if (!broker.shuttingDown()) {
      changes.add(MetadataChange.put(new BrokerStateRecord(id, broker.fenced(), true)));
    }
    IntPredicate active = other -> other != id && image.cluster().isActive(other);
    int[] remaining = new int[1];
    changes.addAll(
        Partitions.change(
            image,
            Integer.MAX_VALUE,
            (topic, state) -> {
              PartitionImage next =
                  LeaderElector.moveAway(
                      state, id, Partitions.serving(image, topic, state, active));
              remaining[0] += next.leader() == id ? 1 : 0;
              return next;
            }));
    return new ControlDecision<>(changes, new ControlledShutdown.Response(Result.OK, remaining[0]));
  }

  /**
   * What a broker's report of its disks changes: replicas that it lost are as if their broker had
   * gone, for these partitions alone; replicas that came back may lead what nobody leads.
   */
  static ControlDecision<Result> reportStorage(MetadataImage image, ReportStorage request) {
    int id = request.brokerId();
    BrokerImage broker = image.cluster().broker(id);
    Result known = checkEpoch(broker, id, request.brokerEpoch());
    if (broker == null || !known.isOk() || broker.storage().equals(request.storage())) {
      return ControlDecision.answer(known);
    }
    BrokerStorage before = broker.storage();
    BrokerStorage after = request.storage();
    List<MetadataChange> changes = new ArrayList<>();
    changes.add(MetadataChange.put(new BrokerStorageRecord(id, after)));
    changes.addAll(
        Partitions.change(
            image,
            Integer.MAX_VALUE,
            (topic, state) -> {
              boolean wasOffline = before.isOffline(topic.id(), state.partition());
              boolean isOffline = after.isOffline(topic.id(), state.partition());
              if (wasOffline == isOffline || !state.replicas().contains(id)) {
                return state;
              }
              boolean unclean = Partitions.uncleanAllowed(image, topic.name());
              IntPredicate others =
                  Partitions.serving(
                      image, topic, state, other -> other != id && image.cluster().isActive(other));
              return isOffline
                  ? LeaderElector.withoutBroker(state, id, others, unclean)
                  : LeaderElector.elect(
                      state,
                      other -> others.test(other) || (other == id && broker.isActive()),
                      unclean);
            }));
    return new ControlDecision<>(changes, Result.OK);
  }

  static ControlDecision<Result> unregister(MetadataImage image, int id, boolean sessionAlive) {
    BrokerImage broker = image.cluster().broker(id);
    if (broker == null) {
      return ControlDecision.answer(
          Result.of(ErrorCode.BROKER_ID_NOT_REGISTERED, "broker " + id + " is not registered"));
    }
    if (sessionAlive && !broker.fenced()) {
      return ControlDecision.answer(
          Result.of(
              ErrorCode.INVALID_REQUEST,
              "broker " + id + " is alive: stop it before it is unregistered"));
    }
    List<MetadataChange> changes = new ArrayList<>(partitionsWithout(image, id));
    changes.add(MetadataChange.delete(new RecordKey.BrokerState(id)));
    if (!broker.storage().equals(BrokerStorage.WELL)) {
      changes.add(MetadataChange.delete(new RecordKey.BrokerStorage(id)));
    }
    changes.add(MetadataChange.delete(new RecordKey.Broker(id)));
    return new ControlDecision<>(changes, Result.OK);
  }

  /** OK, or why a request under this epoch is not the registered broker's. */
  static Result checkEpoch(@Nullable BrokerImage broker, int id, long epoch) {
    if (broker == null) {
      return Result.of(ErrorCode.BROKER_ID_NOT_REGISTERED, "broker " + id + " is not registered");
    }
    if (broker.epoch() != epoch) {
      return Result.of(
          ErrorCode.STALE_BROKER_EPOCH,
          "epoch " + epoch + " of broker " + id + " is not the registered " + broker.epoch());
    }
    return Result.OK;
  }

  private static List<MetadataChange> partitionsWithout(MetadataImage image, int id) {
    IntPredicate active = other -> other != id && image.cluster().isActive(other);
    return Partitions.change(
        image,
        Integer.MAX_VALUE,
        (topic, state) ->
            LeaderElector.withoutBroker(
                state,
                id,
                Partitions.serving(image, topic, state, active),
                Partitions.uncleanAllowed(image, topic.name())));
  }

  private static @Nullable String soleReplica(MetadataImage image, int id) {
    for (TopicImage topic : image.topics().byName()) {
      for (PartitionImage state : topic.partitions()) {
        if (state.isr().equals(List.of(id))) {
          return topic.name() + "-" + state.partition();
        }
      }
    }
    return null;
  }

  private static ControlDecision<RegisterBroker.Response> refuse(ErrorCode error, String message) {
    return ControlDecision.answer(new RegisterBroker.Response(Result.of(error, message), -1));
  }
}
