/** Unit tests of the command's parts. */
@NullMarked
package io.millrace.tools;

import org.jspecify.annotations.NullMarked;
