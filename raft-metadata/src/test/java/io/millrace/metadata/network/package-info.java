/** Tests of the controller port against bytes of all kinds. */
@NullMarked
package io.millrace.metadata.network;

import org.jspecify.annotations.NullMarked;
