/**
 * Decides how a coordinator's shards are kept in this broker's replicas of an internal topic: which
 * of them run here, and how their records are appended and read. Roles are learnt on append loops,
 * logs are read on a loop for that alone, since reading waits for the disk.
 */
@NullMarked
package io.millrace.server.coordinator.storage;

import org.jspecify.annotations.NullMarked;
