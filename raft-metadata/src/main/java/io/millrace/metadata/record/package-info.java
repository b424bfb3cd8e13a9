/**
 * Decides how the cluster's state is spelled as keys and values of the metadata store. Values only;
 * any thread.
 */
@NullMarked
package io.millrace.metadata.record;

import org.jspecify.annotations.NullMarked;
