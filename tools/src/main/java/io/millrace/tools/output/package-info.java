/** Decides how answers are laid out: tables for people, JSON for scripts. Main thread. */
@NullMarked
package io.millrace.tools.output;

import org.jspecify.annotations.NullMarked;
