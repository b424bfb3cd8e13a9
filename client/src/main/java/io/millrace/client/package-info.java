/**
 * The client library: what an application sees. Decides how a program writes records ({@link
 * io.millrace.client.Producer}), reads them ({@link io.millrace.client.Consumer}) and administers a
 * cluster ({@link io.millrace.client.Admin}); works with Millrace and with any other broker that
 * speaks the Kafka protocol. The only public package of this module. Called from the application's
 * threads; all network work runs on one loop per client, which the sub-packages own.
 */
@NullMarked
package io.millrace.client;

import org.jspecify.annotations.NullMarked;
