/**
 * Decides how bytes on a client's connection become requests and how answers go back: frames,
 * order, limits, back-pressure. Runs on Netty's event loops, one per connection for the
 * connection's life; the only package of the server that knows Netty.
 */
@NullMarked
package io.millrace.server.network;

import org.jspecify.annotations.NullMarked;
