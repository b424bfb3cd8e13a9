/**
 * Decides which records share a batch, when a batch is sent, and what an answer means for it:
 * order, sequences, retries. Runs on the producer's loop; application threads only hand records
 * over and wait for memory.
 */
@NullMarked
package io.millrace.client.producer;

import org.jspecify.annotations.NullMarked;
