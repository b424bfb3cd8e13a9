package io.millrace.client.consumer;

import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.TopicPartition;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** How far the application is with the records that were handed over. Guarded by the lock. */
interface Progress {

  /** Where the group may go on when this consumer ends now; null when that is not known. */
  @Nullable OffsetAndMetadata of(PartitionCursor cursor);

  /**
   * Begins no more records of these; completes when none is worked on. What was handed over and not
   * begun is dropped.
   */
  CompletableFuture<Void> quiesce(Collection<TopicPartition> partitions);

  /**
   * For an application that takes records one call after another: with the next call it is done
   * with those of the last one.
   */
  Progress HANDED_OVER =
      new Progress() {
        @Override
        public @Nullable OffsetAndMetadata of(PartitionCursor cursor) {
          return cursor.isSettled()
              ? new OffsetAndMetadata(cursor.position, cursor.leaderEpoch, "")
              : null;
        }

        @Override
        public CompletableFuture<Void> quiesce(Collection<TopicPartition> partitions) {
          return CompletableFuture.completedFuture(null);
        }
      };
}
