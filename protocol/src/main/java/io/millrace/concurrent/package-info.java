/**
 * Decides how Millrace uses threads and time: event loops, their owners, the clock. Every other
 * package is handed these and neither starts a thread nor reads the system clock itself, so that
 * the simulation can run a whole cluster on one thread.
 */
@NullMarked
package io.millrace.concurrent;

import org.jspecify.annotations.NullMarked;
