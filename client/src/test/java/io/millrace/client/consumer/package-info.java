/** Specifications of the client's consumer package, and the fakes they need. */
@NullMarked
package io.millrace.client.consumer;

import org.jspecify.annotations.NullMarked;
