package io.millrace.metadata.controller;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.record.MetadataRecord.ProducerIdsRecord;
import io.millrace.metadata.request.AllocateProducerIds;
import io.millrace.metadata.request.AlterConfigs;
import io.millrace.metadata.request.AlterPartition;
import io.millrace.metadata.request.ControlledShutdown;
import io.millrace.metadata.request.ControllerRequest;
import io.millrace.metadata.request.ControllerResponse;
import io.millrace.metadata.request.CreatePartitions;
import io.millrace.metadata.request.CreateTopics;
import io.millrace.metadata.request.DeleteTopics;
import io.millrace.metadata.request.DescribeQuorum;
import io.millrace.metadata.request.ElectLeaders;
import io.millrace.metadata.request.Heartbeat;
import io.millrace.metadata.request.RegisterBroker;
import io.millrace.metadata.request.ReportStorage;
import io.millrace.metadata.request.Result;
import io.millrace.metadata.request.UnregisterBroker;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Supplier;

/** Which decision answers which request. */
final class Decisions {

  /** Producer ids are handed out in blocks of this size. */
  static final int PRODUCER_ID_BLOCK = 1_000;

  private final TopicControl topics;
  private final ConfigControl configs;
  private final Supplier<QuorumStatus> quorum;

  Decisions(
      ControllerConfig config,
      ConfigValidator validator,
      SplittableRandom random,
      Supplier<QuorumStatus> quorum) {
    this.topics = new TopicControl(config, validator, random);
    this.configs = new ConfigControl(validator);
    this.quorum = quorum;
  }

  /**
   * @param sessionAlive whether the broker of an id was heard of within its session; asked when the
   *     decision is made
   */
  @SuppressWarnings("unchecked")
  <R extends ControllerResponse> Operation<R> operation(
      ControllerRequest<R> request, IntPredicate sessionAlive) {
    // Sound: each request fixes its own answer by the type parameter of ControllerRequest.
    return (Operation<R>) untyped(request, sessionAlive);
  }

  private Operation<?> untyped(ControllerRequest<?> request, IntPredicate sessionAlive) {
    if (request instanceof Heartbeat heartbeat) {
      return decided(request, image -> BrokerControl.heartbeat(image, heartbeat));
    }
    if (request instanceof AlterPartition alter) {
      return decided(request, image -> IsrControl.alter(image, alter));
    }
    if (request instanceof RegisterBroker register) {
      return new Operation<RegisterBroker.Response>(
          "RegisterBroker",
          image -> BrokerControl.register(image, register, sessionAlive.test(register.brokerId())),
          (response, revision) ->
              response.epoch() == BrokerControl.EPOCH_OF_COMMIT
                  ? new RegisterBroker.Response(response.result(), revision)
                  : response);
    }
    if (request instanceof CreateTopics create) {
      return decided(request, image -> topics.create(image, create));
    }
    if (request instanceof DeleteTopics delete) {
      return decided(request, image -> topics.delete(image, delete));
    }
    if (request instanceof CreatePartitions grow) {
      return decided(request, image -> topics.grow(image, grow));
    }
    if (request instanceof AlterConfigs alter) {
      return decided(request, image -> configs.alter(image, alter));
    }
    if (request instanceof ElectLeaders elect) {
      return decided(request, image -> LeaderControl.elect(image, elect));
    }
    if (request instanceof ControlledShutdown shutdown) {
      return decided(request, image -> BrokerControl.controlledShutdown(image, shutdown));
    }
    if (request instanceof ReportStorage report) {
      return decided(request, image -> BrokerControl.reportStorage(image, report));
    }
    if (request instanceof UnregisterBroker unregister) {
      int id = unregister.brokerId();
      return decided(request, image -> BrokerControl.unregister(image, id, sessionAlive.test(id)));
    }
    if (request instanceof AllocateProducerIds allocate) {
      return decided(request, image -> allocate(image, allocate));
    }
    if (request instanceof DescribeQuorum) {
      return decided(
          request, image -> ControlDecision.answer(new DescribeQuorum.Response(quorum.get())));
    }
    throw new IllegalArgumentException("no decision for " + request);
  }

  private static <R> Operation<R> decided(
      ControllerRequest<?> request, Function<MetadataImage, ControlDecision<R>> decide) {
    return new Operation<>(request.getClass().getSimpleName(), decide);
  }

  private static ControlDecision<AllocateProducerIds.Response> allocate(
      MetadataImage image, AllocateProducerIds request) {
    Result sender =
        BrokerControl.checkEpoch(
            image.cluster().broker(request.brokerId()), request.brokerId(), request.brokerEpoch());
    if (!sender.isOk()) {
      return ControlDecision.answer(new AllocateProducerIds.Response(sender, -1, 0));
    }
    long first = image.nextProducerId();
    return ControlDecision.write(
        new ProducerIdsRecord(first + PRODUCER_ID_BLOCK),
        new AllocateProducerIds.Response(Result.OK, first, PRODUCER_ID_BLOCK));
  }
}
