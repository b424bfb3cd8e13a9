/**
 * Decides what may be asked of the controller, and how it answers: one record per operation. Values
 * only; any thread.
 */
@NullMarked
package io.millrace.metadata.request;

import org.jspecify.annotations.NullMarked;
