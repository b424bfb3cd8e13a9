/** Specifications of the client's cluster package, and the fakes they need. */
@NullMarked
package io.millrace.client.cluster;

import org.jspecify.annotations.NullMarked;
