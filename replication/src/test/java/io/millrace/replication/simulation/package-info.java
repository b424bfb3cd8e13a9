/**
 * Decides whether the cluster keeps its promises when everything fails: real controllers, real
 * replication and real logs on one thread, under a seeded scheduler, a faulty network and disks
 * that forget what was not flushed.
 */
@NullMarked
package io.millrace.replication.simulation;

import org.jspecify.annotations.NullMarked;
