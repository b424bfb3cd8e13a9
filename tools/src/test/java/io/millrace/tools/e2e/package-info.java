/** Our own client against our own node, in one process. */
@NullMarked
package io.millrace.tools.e2e;

import org.jspecify.annotations.NullMarked;
