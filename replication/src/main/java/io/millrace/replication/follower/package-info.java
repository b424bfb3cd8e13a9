/**
 * Decides how a follower copies its leader's log: what to fetch next, where to cut a divergent
 * tail. One fetcher per source broker, on its own event loop; appends run on the append loops of
 * the logs.
 */
@NullMarked
package io.millrace.replication.follower;

import org.jspecify.annotations.NullMarked;
