/** Decides how brokers and voters reach a voter over one port. Runs on Netty's event loops. */
@NullMarked
package io.millrace.metadata.network;

import org.jspecify.annotations.NullMarked;
