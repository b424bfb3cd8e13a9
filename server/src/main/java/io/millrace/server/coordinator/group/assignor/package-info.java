/**
 * Decides which member of a consumer group shall own which partition. Pure: a group and its present
 * assignment in, the next assignment out. Any thread.
 */
@NullMarked
package io.millrace.server.coordinator.group.assignor;

import org.jspecify.annotations.NullMarked;
