/**
 * Decides what a replica of a partition may do: lead, follow or nothing, under which epoch, and
 * what is acknowledged. Everything that changes runs on the append loop of the partition's log;
 * other threads read published snapshots.
 */
@NullMarked
package io.millrace.replication;

import org.jspecify.annotations.NullMarked;
