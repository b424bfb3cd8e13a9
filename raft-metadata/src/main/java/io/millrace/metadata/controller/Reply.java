package io.millrace.metadata.controller;

/**
 * An answer and the revision that shows its effect.
 *
 * @param revision an image of this revision or later has seen what was changed
 */
public record Reply<R>(R response, long revision) {}
