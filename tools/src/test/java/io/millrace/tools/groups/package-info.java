/** Tests of the arithmetic and the file formats of groups. */
@NullMarked
package io.millrace.tools.groups;

import org.jspecify.annotations.NullMarked;
