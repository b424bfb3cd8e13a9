/** Tests of records and of the replay into images. */
@NullMarked
package io.millrace.metadata.record;

import org.jspecify.annotations.NullMarked;
