/**
 * Decides which of the newest bytes of each log stay in memory: an append is copied here once,
 * written to the file from here, and read by consumers and followers from here. Filled on the
 * append loop, read from any thread. The one package of the engine that touches Netty, and only its
 * buffers.
 */
@NullMarked
package io.millrace.log.tail;

import org.jspecify.annotations.NullMarked;
