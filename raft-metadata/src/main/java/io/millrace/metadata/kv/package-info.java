/**
 * Decides what the cluster's metadata is: an ordered map of keys to values, changed only by
 * commands that come out of the Raft log in one order on every voter. Nothing here reads a clock or
 * a random number. The store is confined to the thread that applies the log; what it hands out is
 * immutable.
 */
@NullMarked
package io.millrace.metadata.kv;

import org.jspecify.annotations.NullMarked;
