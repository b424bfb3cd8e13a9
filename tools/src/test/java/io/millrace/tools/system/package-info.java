/**
 * System tests: nodes as real processes with real disks and sockets, killed with -9, spoken to by
 * unmodified clients.
 */
@NullMarked
package io.millrace.tools.system;

import org.jspecify.annotations.NullMarked;
