/**
 * Decides how frames cross a connection: cutting a stream into frames, writing pieces without
 * copying, and the one client connection that Java clients and replica fetchers share. Runs on
 * Netty's loops; what is called from other threads says so.
 */
@NullMarked
package io.millrace.protocol.network;

import org.jspecify.annotations.NullMarked;
