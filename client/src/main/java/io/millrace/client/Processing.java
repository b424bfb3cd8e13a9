package io.millrace.client;

import java.util.concurrent.CompletableFuture;

/**
 * Records on their way to a {@link RecordHandler}; made by {@link Consumer#process}. Any thread.
 */
public interface Processing {

  /**
   * Takes no more records, lets those end that are being handled, and gives the consumer back to
   * {@link Consumer#poll}, which goes on behind the last record that was handled. The future
   * completes when that is done; it is the one of {@link #ended}.
   */
  CompletableFuture<Void> stop();

  /**
   * Completes when no record is handled any more and none will be: normally after {@link #stop} or
   * the consumer's close, exceptionally with what the handler threw, or with what made reading
   * fail.
   */
  CompletableFuture<Void> ended();
}
