/**
 * Decides when this member of a group speaks to its coordinator and what it says (KIP-848), and in
 * which order offsets are committed. Runs on the consumer's loop; what the application has to do
 * goes out as events, and comes back as acknowledgements.
 */
@NullMarked
package io.millrace.client.group;

import org.jspecify.annotations.NullMarked;
