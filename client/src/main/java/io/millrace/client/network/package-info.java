/**
 * Decides which connection carries a request, and when a broker that failed is tried again. Runs on
 * the client's loop; only the Netty loop below a connection runs beside it.
 */
@NullMarked
package io.millrace.client.network;

import org.jspecify.annotations.NullMarked;
