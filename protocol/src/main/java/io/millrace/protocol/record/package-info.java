/**
 * Decides what a run of record batches is: in memory or in a file, sliced and sent without copying;
 * the layout of a batch and of its records, how batches are built, walked, compressed and
 * distrusted. Any thread; buffers are reference counted.
 */
@NullMarked
package io.millrace.protocol.record;

import org.jspecify.annotations.NullMarked;
