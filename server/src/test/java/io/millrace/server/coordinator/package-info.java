/** Tests of the coordinator runtime, and the fakes that drive shards on one thread. */
@NullMarked
package io.millrace.server.coordinator;

import org.jspecify.annotations.NullMarked;
