/**
 * Decides which broker answers an administrative request, what is repeated, and how answers become
 * results. Runs on the client's loop.
 */
@NullMarked
package io.millrace.client.admin;

import org.jspecify.annotations.NullMarked;
