package io.millrace.protocol.network;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ApiVersionRange;
import io.millrace.protocol.message.ApiVersionsResponse;
import io.millrace.protocol.message.ApiVersionsResponse.ApiVersion;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The versions that a peer says it speaks, as far as we know the APIs. Immutable. */
public final class PeerVersions {

  private final Map<ApiKey, ApiVersionRange> ranges = new EnumMap<>(ApiKey.class);

  private PeerVersions() {}

  static PeerVersions of(ApiVersionsResponse response) {
    PeerVersions versions = new PeerVersions();
    for (ApiVersion version : response.apiKeys()) {
      ApiKey key = ApiKey.forId(version.apiKey());
      if (key != null
          && version.minVersion() >= 0
          && version.minVersion() <= version.maxVersion()) {
        versions.ranges.put(key, new ApiVersionRange(version.minVersion(), version.maxVersion()));
      }
    }
    return versions;
  }

  /** What the peer speaks of an API, or null when it does not speak it. */
  public @Nullable ApiVersionRange range(ApiKey key) {
    return ranges.get(key);
  }

  /**
   * The highest version that both sides speak, at most {@code cap}.
   *
   * @return -1 when there is none
   */
  public short best(ApiKey key, short cap) {
    ApiVersionRange theirs = ranges.get(key);
    if (theirs == null) {
      return -1;
    }
    int highest = Math.min(Math.min(key.highestVersion(), theirs.highest()), cap);
    return highest < Math.max(key.lowestVersion(), theirs.lowest()) ? -1 : (short) highest;
  }

  /** The highest version that both sides speak, or -1. */
  public short best(ApiKey key) {
    return best(key, Short.MAX_VALUE);
  }

  @Override
  public String toString() {
    return "PeerVersions" + ranges;
  }
}
