/** What a log promises, as tests: by rule, by random histories, by crash. */
@NullMarked
package io.millrace.log;

import org.jspecify.annotations.NullMarked;
