/**
 * Decides whether an idempotent producer's batch continues what it sent before, repeats it, or is
 * out of order. Confined to the append loop.
 */
@NullMarked
package io.millrace.log.producer;

import org.jspecify.annotations.NullMarked;
