package io.millrace.client.admin;

import io.millrace.client.Admin;
import io.millrace.client.ClientConfig;

/** The admin client behind {@link Admin}. */
public final class ClusterAdmin {

  private ClusterAdmin() {}

  public static Admin start(ClientConfig config) {
    throw new UnsupportedOperationException("lands next");
  }
}
