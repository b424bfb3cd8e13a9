@NullMarked
package io.millrace.log.compact;

import org.jspecify.annotations.NullMarked;
