/**
 * Decides what the cluster looks like at one revision: immutable images of brokers, topics,
 * partitions and configs, and the step from one image to the next. Values only; any thread.
 */
@NullMarked
package io.millrace.metadata.image;

import org.jspecify.annotations.NullMarked;
