/**
 * Decides the shape of every Kafka message in every version. All but the interfaces is generated at
 * build time from the schemas that Apache publishes inside the kafka-clients jar. Immutable values;
 * any thread.
 */
@NullMarked
package io.millrace.protocol.message;

import org.jspecify.annotations.NullMarked;
