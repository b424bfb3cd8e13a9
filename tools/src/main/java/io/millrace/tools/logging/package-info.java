/**
 * Decides what a process of ours logs and where to. Configured once, before the first logger, on
 * the main thread.
 */
@NullMarked
package io.millrace.tools.logging;

import org.jspecify.annotations.NullMarked;
