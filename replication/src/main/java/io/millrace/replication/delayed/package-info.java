/**
 * Decides when somebody who waits for records is woken. Registration and time-out come from any
 * thread, growth of a partition from the append loop of its log; nobody takes a lock.
 */
@NullMarked
package io.millrace.replication.delayed;

import org.jspecify.annotations.NullMarked;
