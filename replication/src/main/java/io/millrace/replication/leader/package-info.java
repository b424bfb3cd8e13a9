/**
 * Decides what only a partition's leader decides: how far records are committed, which replicas are
 * in sync. Arithmetic and bookkeeping; runs on the append loop of the partition's log.
 */
@NullMarked
package io.millrace.replication.leader;

import org.jspecify.annotations.NullMarked;
