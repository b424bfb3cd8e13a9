/**
 * Decides who is in a consumer group, which partitions each member reads, and what offsets the
 * group has committed. Runs on the loop of the shard's partition of {@code __consumer_offsets};
 * {@link io.millrace.server.coordinator.group.GroupCoordinator} may be called from any thread.
 */
@NullMarked
package io.millrace.server.coordinator.group;

import org.jspecify.annotations.NullMarked;
