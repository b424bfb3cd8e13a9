/** Specifications of the client's producer package, and the fakes they need. */
@NullMarked
package io.millrace.client.producer;

import org.jspecify.annotations.NullMarked;
