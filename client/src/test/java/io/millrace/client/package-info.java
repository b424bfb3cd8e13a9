/** Specifications of the client as an application sees it. */
@NullMarked
package io.millrace.client;

import org.jspecify.annotations.NullMarked;
