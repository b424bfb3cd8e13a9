/**
 * Decides how the metadata log is agreed upon: voters, terms, the order of entries, what is on
 * disk. The only importer of Ratis. The store is applied on Ratis' own applier thread; proposals
 * pass through one submitting thread; start-up and admission run on one maintenance thread.
 */
@NullMarked
package io.millrace.metadata.quorum;

import org.jspecify.annotations.NullMarked;
