/**
 * Decides how one node takes part in the metadata: as a voter, as a broker, or both. Put together
 * here; each part names its own threads.
 */
@NullMarked
package io.millrace.metadata;

import org.jspecify.annotations.NullMarked;
