/** Specifications of the client's network package, and the fakes they need. */
@NullMarked
package io.millrace.client.network;

import org.jspecify.annotations.NullMarked;
