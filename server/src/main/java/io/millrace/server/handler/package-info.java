/**
 * Decides what each request of the Kafka protocol means here: one handler per API, which translates
 * outcomes to wire errors once. Handlers run on network event loops and never block; answers
 * complete on whatever thread they come from.
 */
@NullMarked
package io.millrace.server.handler;

import org.jspecify.annotations.NullMarked;
