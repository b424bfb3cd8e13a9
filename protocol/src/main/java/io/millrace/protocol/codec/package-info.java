/**
 * Decides how values become bytes of the Kafka protocol and back: bounds, lengths, tagged fields,
 * frames. A reader or writer belongs to the thread that made it. Knows no message and no record
 * batch.
 */
@NullMarked
package io.millrace.protocol.codec;

import org.jspecify.annotations.NullMarked;
