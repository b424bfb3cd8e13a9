package io.millrace.server.handler;

import io.millrace.concurrent.Clock;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ProduceRequest;
import io.millrace.protocol.message.ProduceRequest.PartitionProduceData;
import io.millrace.protocol.message.ProduceRequest.TopicProduceData;
import io.millrace.protocol.message.ProduceResponse;
import io.millrace.protocol.message.ProduceResponse.BatchIndexAndErrorMessage;
import io.millrace.protocol.message.ProduceResponse.LeaderIdAndEpoch;
import io.millrace.protocol.message.ProduceResponse.NodeEndpoint;
import io.millrace.protocol.message.ProduceResponse.PartitionProduceResponse;
import io.millrace.protocol.message.ProduceResponse.TopicProduceResponse;
import io.millrace.protocol.record.BatchValidation;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.ProduceLimits;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchValidator;
import io.millrace.protocol.record.Records;
import io.millrace.replication.ProduceResult;
import io.millrace.replication.ReplicatedPartition;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Appends what producers send. Batches are checked here, on the network thread that read them; the
 * partition's append loop then trusts them. Partitions of one request succeed and fail one by one.
 */
final class ProduceHandler implements RequestHandler<ProduceRequest> {
  private static final short FIRST_WITH_ZSTD = 7;
  private static final short FIRST_WITH_HINTS = 10;

  private final PartitionLookup partitions;
  private final TopicSettings settings;
  private final Clock clock;

  ProduceHandler(PartitionLookup partitions, TopicSettings settings, Clock clock) {
    this.partitions = partitions;
    this.settings = settings;
    this.clock = clock;
  }

  // hot
  @Override
  public CompletableFuture<Reply> handle(RequestContext context, ProduceRequest request) {
    Answer answer = new Answer(context, request);
    ErrorCode refusal = refusal(request);
    int slot = 0;
    for (TopicProduceData topic : request.topicData()) {
      for (PartitionProduceData data : topic.partitionData()) {
        int own = slot++;
        if (refusal != ErrorCode.NONE) {
          release(data.records());
          answer.complete(own, ProduceResult.failed(refusal, reason(request)));
        } else {
          append(context, request, topic, data)
              .whenComplete((result, failure) -> answer.complete(own, orFailed(result, failure)));
        }
      }
    }
    answer.started();
    return answer.done;
  }

  private static ErrorCode refusal(ProduceRequest request) {
    if (request.acks() < -1 || request.acks() > 1) {
      return ErrorCode.INVALID_REQUIRED_ACKS;
    }
    return request.transactionalId() != null ? ErrorCode.INVALID_TXN_STATE : ErrorCode.NONE;
  }

  private static String reason(ProduceRequest request) {
    return request.transactionalId() != null
        ? "transactions are not implemented yet"
        : "acks=" + request.acks() + ", expected -1, 0 or 1";
  }

  private CompletableFuture<ProduceResult> append(
      RequestContext context,
      ProduceRequest request,
      TopicProduceData topic,
      PartitionProduceData data) {
    if (!(data.records() instanceof MemoryRecords records)) {
      return refused(ErrorCode.INVALID_RECORD, "partition has no records");
    }
    boolean handedOver = false;
    try {
      PartitionLookup.Found found = partitions.find(topic.name(), topic.topicId(), data.index());
      ReplicatedPartition partition = found.partition();
      if (partition == null) {
        return refused(found.error(), found.error().name());
      }
      if (InternalTopics.isInternal(partition.id().topic())) {
        Result internal = InternalTopics.refusal(partition.id().topic(), "produce to");
        return refused(internal.error(), String.valueOf(internal.message()));
      }
      ProduceResult problem = check(context, partition, records);
      if (problem != null) {
        return CompletableFuture.completedFuture(problem);
      }
      handedOver = true;
      return partition.append(records, request.acks(), request.timeoutMs(), -1);
    } catch (RuntimeException e) {
      // The other partitions of the request go on, and their records with them.
      return CompletableFuture.failedFuture(e);
    } finally {
      if (!handedOver) {
        records.release();
      }
    }
  }

  private @Nullable ProduceResult check(
      RequestContext context, ReplicatedPartition partition, MemoryRecords records) {
    TopicSettings.Settings topic = settings.of(partition.id().topic());
    ProduceLimits limits =
        new ProduceLimits(
            topic.log().maxMessageBytes(),
            Compression.DEFAULT_MAX_DECOMPRESSED_BYTES,
            context.version() >= FIRST_WITH_ZSTD,
            topic.log().compaction().enabled());
    BatchValidation validation = RecordBatchValidator.validateProduce(records, limits);
    if (validation instanceof BatchValidation.Invalid invalid) {
      return ProduceResult.failed(invalid.error(), invalid.reason(), invalid.badRecords());
    }
    if (validation instanceof BatchValidation.Valid valid && !topic.log().logAppendTime()) {
      long newest = clock.wallMillis() + topic.timestampAfterMaxMs();
      // The sum overflows when the limit is Long.MAX_VALUE, which means none.
      if (newest > 0 && valid.maxTimestamp() > newest) {
        return ProduceResult.failed(
            ErrorCode.INVALID_TIMESTAMP,
            "timestamp "
                + valid.maxTimestamp()
                + " is after "
                + newest
                + ", the latest that message.timestamp.after.max.ms allows");
      }
    }
    return hasTransactionalBatch(records)
        ? ProduceResult.failed(ErrorCode.INVALID_TXN_STATE, "transactions are not implemented yet")
        : null;
  }

  private static boolean hasTransactionalBatch(MemoryRecords records) {
    for (RecordBatch batch : records.batches()) {
      if (batch.isTransactional()) {
        return true;
      }
    }
    return false;
  }

  private static CompletableFuture<ProduceResult> refused(ErrorCode error, String reason) {
    return CompletableFuture.completedFuture(ProduceResult.failed(error, reason));
  }

  private static ProduceResult orFailed(
      @Nullable ProduceResult result, @Nullable Throwable failure) {
    return result != null
        ? result
        : ProduceResult.failed(ErrorCode.UNKNOWN_SERVER_ERROR, String.valueOf(failure));
  }

  private static void release(@Nullable Records records) {
    if (records != null) {
      records.release();
    }
  }

  /**
   * Waits for every partition of one request. Completed from append loops and the network thread.
   */
  private final class Answer {
    private final RequestContext context;
    private final ProduceRequest request;
    private final @Nullable ProduceResult[] results;
    // One more than partitions, for started(): an answer never goes out while partitions are still
    // handed over.
    private final AtomicInteger missing;
    private final CompletableFuture<Reply> done = new CompletableFuture<>();

    Answer(RequestContext context, ProduceRequest request) {
      this.context = context;
      this.request = request;
      int count = 0;
      for (TopicProduceData topic : request.topicData()) {
        count += topic.partitionData().size();
      }
      this.results = new ProduceResult[count];
      this.missing = new AtomicInteger(count + 1);
    }

    void complete(int slot, ProduceResult result) {
      results[slot] = result;
      started();
    }

    void started() {
      // The counter's release and acquire publish the results to whoever takes the last one.
      if (missing.decrementAndGet() == 0) {
        try {
          done.complete(request.acks() == 0 ? silent() : Reply.of(response()));
        } catch (RuntimeException | Error e) {
          done.completeExceptionally(e); // closes the connection; a client must never wait in vain
        }
      }
    }

    private Reply silent() {
      for (ProduceResult result : results) {
        if (result != null && result.error() != ErrorCode.NONE) {
          return Reply.CLOSE;
        }
      }
      return Reply.NONE;
    }

    private ProduceResponse response() {
      LeaderHints hints =
          new LeaderHints(
              partitions.image(), context.listener(), context.version() >= FIRST_WITH_HINTS);
      List<TopicProduceResponse> topics = new ArrayList<>(request.topicData().size());
      int slot = 0;
      for (TopicProduceData topic : request.topicData()) {
        List<PartitionProduceResponse> answers = new ArrayList<>(topic.partitionData().size());
        for (PartitionProduceData data : topic.partitionData()) {
          ProduceResult result = orFailed(results[slot++], null);
          answers.add(partition(topic, data.index(), result, hints));
        }
        topics.add(new TopicProduceResponse(topic.name(), topic.topicId(), answers));
      }
      List<NodeEndpoint> endpoints = new ArrayList<>();
      for (ClusterView.Reachable leader : hints.endpoints()) {
        endpoints.add(
            new NodeEndpoint(
                leader.broker().id(),
                leader.endpoint().host(),
                leader.endpoint().port(),
                leader.broker().rack()));
      }
      return ProduceResponse.builder().responses(topics).nodeEndpoints(endpoints).build();
    }

    private PartitionProduceResponse partition(
        TopicProduceData topic, int index, ProduceResult result, LeaderHints hints) {
      PartitionProduceResponse.Builder answer =
          PartitionProduceResponse.builder()
              .index(index)
              .errorCode(result.error().code())
              .baseOffset(result.baseOffset())
              .logAppendTimeMs(result.logAppendTimeMs())
              .logStartOffset(result.logStartOffset());
      if (result.error() != ErrorCode.NONE) {
        answer.errorMessage(result.reason());
        if (!result.badRecords().isEmpty()) {
          answer.recordErrors(
              result.badRecords().stream()
                  .map(bad -> new BatchIndexAndErrorMessage(bad, result.reason()))
                  .toList());
        }
        TopicImage image = partitions.topic(topic.name(), topic.topicId());
        LeaderHints.Hint hint = hints.hint(result.error(), image, index);
        if (hint != null) {
          answer.currentLeader(new LeaderIdAndEpoch(hint.leaderId(), hint.leaderEpoch()));
        }
      }
      return answer.build();
    }
  }
}
