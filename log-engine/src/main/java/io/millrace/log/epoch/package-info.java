/**
 * Decides which leader epoch wrote which offsets of a log, the ground on which replicas agree where
 * they part. Changed on the append loop, read from any thread.
 */
@NullMarked
package io.millrace.log.epoch;

import org.jspecify.annotations.NullMarked;
