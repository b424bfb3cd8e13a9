/**
 * Decides how a broker follows the cluster's metadata and speaks to the controller. Listeners run
 * on the client's event loop.
 */
@NullMarked
package io.millrace.metadata.publish;

import org.jspecify.annotations.NullMarked;
