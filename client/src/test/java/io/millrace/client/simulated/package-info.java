/** A client's loop, time and network under a test's hand: one thread, a seed, no sleeps. */
@NullMarked
package io.millrace.client.simulated;

import org.jspecify.annotations.NullMarked;
