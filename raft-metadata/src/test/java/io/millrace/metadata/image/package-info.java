/** Tests of the values that images are made of. */
@NullMarked
package io.millrace.metadata.image;

import org.jspecify.annotations.NullMarked;
