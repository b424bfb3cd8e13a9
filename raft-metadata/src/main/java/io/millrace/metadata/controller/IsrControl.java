package io.millrace.metadata.controller;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.record.MetadataChange;
import io.millrace.metadata.record.MetadataRecord.PartitionRecord;
import io.millrace.metadata.request.AlterPartition;
import io.millrace.metadata.request.AlterPartition.IsrChange;
import io.millrace.metadata.request.AlterPartition.Member;
import io.millrace.metadata.request.AlterPartition.PartitionResult;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Admits the ISR changes that leaders ask for. Pure. */
final class IsrControl {

  private IsrControl() {}

  static ControlDecision<AlterPartition.Response> alter(
      MetadataImage image, AlterPartition request) {
    Result sender =
        BrokerControl.checkEpoch(
            image.cluster().broker(request.brokerId()), request.brokerId(), request.brokerEpoch());
    if (!sender.isOk()) {
      return ControlDecision.answer(new AlterPartition.Response(sender, List.of()));
    }
    List<MetadataChange> changes = new ArrayList<>();
    List<PartitionResult> answers = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (IsrChange change : request.partitions()) {
      PartitionImage state = image.topics().partition(change.topicId(), change.partition());
      Result result = check(image, state, request.brokerId(), change);
      if (state != null
          && result.isOk()
          && !seen.add(change.topicId() + "-" + change.partition())) {
        result =
            Result.of(
                ErrorCode.INVALID_REQUEST, "partition " + change.partition() + " is named twice");
      }
      if (state == null || !result.isOk()) {
        answers.add(
            new PartitionResult(
                change.topicId(),
                change.partition(),
                result,
                PartitionImage.NO_LEADER,
                -1,
                List.of(),
                -1));
        continue;
      }
      List<Integer> isr = change.isr().stream().map(Member::brokerId).toList();
      // The present ISR is written again too: a leader asks for it to make sure that an earlier
      // proposal, whose fate it does not know, is refused from now on.
      PartitionImage next = state.next(state.leader(), isr);
      changes.add(MetadataChange.put(new PartitionRecord(change.topicId(), next)));
      answers.add(
          new PartitionResult(
              change.topicId(),
              change.partition(),
              Result.OK,
              next.leader(),
              next.leaderEpoch(),
              next.isr(),
              next.partitionEpoch()));
    }
    return new ControlDecision<>(changes, new AlterPartition.Response(Result.OK, answers));
  }

  private static Result check(
      MetadataImage image, @Nullable PartitionImage state, int sender, IsrChange change) {
    if (state == null) {
      boolean topicKnown = image.topics().topic(change.topicId()) != null;
      return Result.of(
          topicKnown ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.UNKNOWN_TOPIC_ID,
          "partition " + change.partition() + " of topic " + change.topicId() + " does not exist");
    }
    // The epochs come first: a deposed leader must learn that it is deposed, whatever it asks for.
    if (change.leaderEpoch() < state.leaderEpoch()) {
      return Result.of(
          ErrorCode.FENCED_LEADER_EPOCH,
          "leader epoch " + change.leaderEpoch() + " is older than current " + state.leaderEpoch());
    }
    if (change.leaderEpoch() > state.leaderEpoch()
        || change.partitionEpoch() > state.partitionEpoch()) {
      return Result.of(
          ErrorCode.NOT_CONTROLLER,
          "leader epoch "
              + change.leaderEpoch()
              + " and partition epoch "
              + change.partitionEpoch()
              + " are newer than known "
              + state.leaderEpoch()
              + " and "
              + state.partitionEpoch());
    }
    if (state.leader() != sender) {
      return Result.of(
          ErrorCode.INVALID_REQUEST, "broker " + sender + " is not the leader " + state.leader());
    }
    if (change.partitionEpoch() < state.partitionEpoch()) {
      return Result.of(
          ErrorCode.INVALID_UPDATE_VERSION,
          "partition epoch "
              + change.partitionEpoch()
              + " is older than current "
              + state.partitionEpoch());
    }
    return checkMembers(image, state, change);
  }

  private static Result checkMembers(MetadataImage image, PartitionImage state, IsrChange change) {
    List<Integer> isr = change.isr().stream().map(Member::brokerId).toList();
    if (!isr.contains(state.leader())
        || new HashSet<>(isr).size() != isr.size()
        || !state.replicas().containsAll(isr)) {
      return Result.of(
          ErrorCode.INVALID_REQUEST,
          "ISR "
              + isr
              + " is not a set of the replicas "
              + state.replicas()
              + " with the leader "
              + state.leader());
    }
    for (Member member : change.isr()) {
      if (member.brokerId() == state.leader()) {
        continue;
      }
      BrokerImage broker = image.cluster().broker(member.brokerId());
      if (broker == null || !broker.isActive()) {
        return Result.of(
            ErrorCode.INELIGIBLE_REPLICA,
            "broker " + member.brokerId() + " is fenced or shutting down, ISR " + isr);
      }
      if (broker.storage().isOffline(change.topicId(), change.partition())) {
        return Result.of(
            ErrorCode.INELIGIBLE_REPLICA,
            "the disk of the replica on broker " + member.brokerId() + " failed, ISR " + isr);
      }
      if (member.brokerEpoch() != -1 && member.brokerEpoch() != broker.epoch()) {
        return Result.of(
            ErrorCode.INELIGIBLE_REPLICA,
            "epoch "
                + member.brokerEpoch()
                + " of broker "
                + member.brokerId()
                + " is not the registered "
                + broker.epoch());
      }
    }
    return Result.OK;
  }
}
