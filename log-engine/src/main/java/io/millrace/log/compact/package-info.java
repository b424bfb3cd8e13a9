/**
 * Decides which records of a compacted log stay: the newest offset of each key in bounded memory,
 * the rule for every batch, the choice and grouping of segments. Runs on a cleaner loop; knows
 * nothing of the log that is cleaned but its segments.
 */
@NullMarked
package io.millrace.log.compact;

import org.jspecify.annotations.NullMarked;
