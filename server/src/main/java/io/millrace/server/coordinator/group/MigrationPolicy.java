package io.millrace.server.coordinator.group;

import java.util.Locale;

/** Which groups with members may change their protocol: {@code group.consumer.migration.policy}. */
public enum MigrationPolicy {
  BIDIRECTIONAL(true, true),
  UPGRADE(true, false),
  DOWNGRADE(false, true),
  DISABLED(false, false);

  private final boolean upgrades;
  private final boolean downgrades;

  MigrationPolicy(boolean upgrades, boolean downgrades) {
    this.upgrades = upgrades;
    this.downgrades = downgrades;
  }

  /** Whether a classic group becomes a consumer group when a member of that protocol comes. */
  boolean upgrades() {
    return upgrades;
  }

  /** Whether a consumer group becomes a classic one when only classic members are left. */
  boolean downgrades() {
    return downgrades;
  }

  /** The policy of a name in configurations. */
  public static MigrationPolicy named(String configName) {
    return valueOf(configName.toUpperCase(Locale.ROOT));
  }

  /** The name in configurations. */
  public String configName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
