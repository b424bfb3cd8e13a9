package io.millrace.client;

import io.millrace.client.admin.ClusterAdmin;

/** Settings of an {@link Admin}. */
public final class AdminBuilder extends ClientBuilder<AdminBuilder> {

  AdminBuilder() {
    super("admin");
  }

  @Override
  AdminBuilder self() {
    return this;
  }

  @Override
  boolean applyOwn(String key, PropertyText value) {
    return false;
  }

  /**
   * Starts the client. Does not wait for a broker.
   *
   * @throws IllegalArgumentException when settings are out of range or contradict each other
   */
  public Admin build() {
    return ClusterAdmin.start(clientConfig());
  }
}
