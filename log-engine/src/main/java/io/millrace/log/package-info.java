/**
 * Decides what one partition's log is on disk and in memory: append, read, flush, recover,
 * truncate, retain. Nothing here knows networks, replicas or the quorum. Every log is changed only
 * on the append loop of its directory; offsets, segments and cached tails are published so that any
 * thread reads them without waiting.
 */
@NullMarked
package io.millrace.log;

import org.jspecify.annotations.NullMarked;
