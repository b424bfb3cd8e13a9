package io.millrace.client.producer;

import io.millrace.client.MillraceException;
import io.millrace.client.RecordHeader;
import io.millrace.client.RecordMetadata;
import io.millrace.client.SendCallback;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A record on its way, and the future that its sender holds. Made by the sending thread, handed
 * over once, then confined to the producer's loop. Key and value are let go as soon as a batch has
 * them.
 */
final class PendingRecord extends CompletableFuture<RecordMetadata> {

  /** The record named no partition. */
  static final int NO_PARTITION = -1;

  final String topic;
  final long timestamp;
  final List<RecordHeader> headers;
  final long reservedBytes;
  final long handedOverNanos;
  final @Nullable SendCallback callback;
  byte @Nullable [] key;
  byte @Nullable [] value;
  int partition;

  PendingRecord(
      String topic,
      int partition,
      long timestamp,
      byte @Nullable [] key,
      byte @Nullable [] value,
      List<RecordHeader> headers,
      long reservedBytes,
      long handedOverNanos,
      @Nullable SendCallback callback) {
    this.topic = topic;
    this.partition = partition;
    this.timestamp = timestamp;
    this.key = key;
    this.value = value;
    this.headers = headers;
    this.reservedBytes = reservedBytes;
    this.handedOverNanos = handedOverNanos;
    this.callback = callback;
  }

  /** The batch has the bytes now. */
  void letGoOfBytes() {
    key = null;
    value = null;
  }

  /** Ends well; the callback first. */
  void succeed(RecordMetadata metadata) {
    try {
      if (callback != null) {
        callback.onCompletion(metadata, null);
      }
    } finally {
      complete(metadata);
    }
  }

  /** Ends badly; the callback first. */
  void fail(MillraceException failure) {
    try {
      if (callback != null) {
        callback.onCompletion(null, failure);
      }
    } finally {
      completeExceptionally(failure);
    }
  }
}
