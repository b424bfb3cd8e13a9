/**
 * Decides what the client believes about the cluster: brokers, leaders, topic ids; and when to ask
 * again. Changes on the client's loop; the current view is an immutable value that any thread may
 * read.
 */
@NullMarked
package io.millrace.client.cluster;

import org.jspecify.annotations.NullMarked;
