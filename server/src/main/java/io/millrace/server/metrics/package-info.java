/**
 * Decides what a node counts and how its operator reads it. Written from any thread without locks.
 */
@NullMarked
package io.millrace.server.metrics;

import org.jspecify.annotations.NullMarked;
