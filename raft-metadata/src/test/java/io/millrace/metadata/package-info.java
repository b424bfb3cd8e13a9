/** Tests of whole nodes on real quorums, in one process. */
@NullMarked
package io.millrace.metadata;

import org.jspecify.annotations.NullMarked;
