/**
 * Decides how a log lies in files: segments, their sparse indexes, walking the batches in them. A
 * segment is changed on the append loop and read from any thread.
 */
@NullMarked
package io.millrace.log.segment;

import org.jspecify.annotations.NullMarked;
