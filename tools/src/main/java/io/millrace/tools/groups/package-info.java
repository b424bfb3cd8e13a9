/**
 * Decides what offsets a group is to get and how far it is behind: arithmetic and file formats, no
 * cluster. Main thread.
 */
@NullMarked
package io.millrace.tools.groups;

import org.jspecify.annotations.NullMarked;
