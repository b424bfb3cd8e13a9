package io.millrace.client.producer;

import io.millrace.client.MillraceException;
import io.millrace.client.RecordMetadata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells records their end; a callback that throws spoils nothing for the others. On the producer's
 * loop.
 */
final class Ends {

  private static final Logger LOG = LoggerFactory.getLogger(Ends.class);

  private Ends() {}

  static void succeed(PendingRecord record, RecordMetadata metadata) {
    try {
      record.succeed(metadata);
    } catch (RuntimeException | Error broken) {
      LOG.error("a send callback failed topic={}", record.topic, broken);
    }
  }

  static void fail(PendingRecord record, MillraceException failure) {
    try {
      record.fail(failure);
    } catch (RuntimeException | Error broken) {
      LOG.error("a send callback failed topic={}", record.topic, broken);
    }
  }
}
