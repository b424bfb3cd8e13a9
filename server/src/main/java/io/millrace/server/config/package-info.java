/**
 * Decides which configuration keys exist, what each may hold and what it is when nobody sets it.
 * Immutable values; any thread.
 */
@NullMarked
package io.millrace.server.config;

import org.jspecify.annotations.NullMarked;
