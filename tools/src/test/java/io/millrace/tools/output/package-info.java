@NullMarked
package io.millrace.tools.output;

import org.jspecify.annotations.NullMarked;
