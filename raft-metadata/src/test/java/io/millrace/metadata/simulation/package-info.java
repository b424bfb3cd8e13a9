/**
 * Decides how time, chance and failure go in tests: one thread, a seed, a queue of events. Packaged
 * as a test-jar for the simulation of the whole cluster.
 */
@NullMarked
package io.millrace.metadata.simulation;

import org.jspecify.annotations.NullMarked;
