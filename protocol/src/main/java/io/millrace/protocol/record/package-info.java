/**
 * Decides what a run of record batches is: in memory or in a file, sliced and sent without copying.
 * Any thread; buffers are reference counted.
 */
@NullMarked
package io.millrace.protocol.record;

import org.jspecify.annotations.NullMarked;
