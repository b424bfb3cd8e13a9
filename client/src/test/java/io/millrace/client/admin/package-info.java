/** Tests of the administration, on a loop by hand. */
@NullMarked
package io.millrace.client.admin;

import org.jspecify.annotations.NullMarked;
