/**
 * Decides what a person sees: the {@code millrace} command, its flags, its output and its exit
 * codes. Every command runs on the main thread and talks to a cluster through the client library,
 * or starts a node through the server module.
 */
@NullMarked
package io.millrace.tools;

import org.jspecify.annotations.NullMarked;
