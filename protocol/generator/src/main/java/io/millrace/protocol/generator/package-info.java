/**
 * Decides how a message schema becomes Java source. Runs on the build's thread only, never in a
 * broker.
 */
@NullMarked
package io.millrace.protocol.generator;

import org.jspecify.annotations.NullMarked;
