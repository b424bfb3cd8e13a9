/**
 * Decides what to fetch, how far ahead, and where a position that is lost or stale goes on.
 * Fetching runs on the consumer's loop; decoding and positions belong to the application's thread.
 */
@NullMarked
package io.millrace.client.consumer;

import org.jspecify.annotations.NullMarked;
