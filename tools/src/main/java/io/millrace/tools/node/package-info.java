/**
 * Decides how nodes are run as processes: configuration files, state files, the quickstart. Main
 * thread, and shutdown hooks.
 */
@NullMarked
package io.millrace.tools.node;

import org.jspecify.annotations.NullMarked;
