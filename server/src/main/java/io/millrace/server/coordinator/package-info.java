/**
 * Decides how a coordinator's state is kept in a partition of an internal topic: in which order
 * requests, timers and news of the cluster reach a shard, when its answers may leave, and what
 * happens when the partition comes, goes or refuses a record. Each shard runs on its partition's
 * event loop alone.
 */
@NullMarked
package io.millrace.server.coordinator;

import org.jspecify.annotations.NullMarked;
