/**
 * Decides what Millrace says on the wire: API keys, versions, error codes, headers. Values only;
 * any thread.
 */
@NullMarked
package io.millrace.protocol;

import org.jspecify.annotations.NullMarked;
