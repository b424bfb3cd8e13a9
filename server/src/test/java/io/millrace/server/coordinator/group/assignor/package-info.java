/** Properties of the assignors. */
@NullMarked
package io.millrace.server.coordinator.group.assignor;

import org.jspecify.annotations.NullMarked;
