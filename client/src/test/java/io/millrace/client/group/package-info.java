/** Tests of what one member knows of its group. */
@NullMarked
package io.millrace.client.group;

import org.jspecify.annotations.NullMarked;
