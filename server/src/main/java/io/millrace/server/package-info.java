/**
 * Decides how a node is put together from the modules, in which order it starts and stops. Start
 * and stop run on their caller's thread or the node's own start thread, never on an event loop.
 */
@NullMarked
package io.millrace.server;

import org.jspecify.annotations.NullMarked;
