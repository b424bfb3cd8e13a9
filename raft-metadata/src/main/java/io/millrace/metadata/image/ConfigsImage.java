package io.millrace.metadata.image;

import org.jspecify.annotations.Nullable;

/**
 * The dynamic configs that were set, by resource and key. What was not set is not here: defaults
 * belong to who reads it.
 */
public record ConfigsImage(
    PersistentMap<ConfigResource, PersistentMap<String, String>> byResource) {

  public static final ConfigsImage EMPTY = new ConfigsImage(PersistentMap.empty());

  /** The configs set for a resource; empty when none is. */
  public PersistentMap<String, String> of(ConfigResource resource) {
    PersistentMap<String, String> configs = byResource.get(resource);
    return configs == null ? PersistentMap.empty() : configs;
  }

  /** One config of a resource, or null when it was not set. */
  public @Nullable String get(ConfigResource resource, String key) {
    return of(resource).get(key);
  }

  public ConfigsImage with(ConfigResource resource, String key, String value) {
    return new ConfigsImage(byResource.with(resource, of(resource).with(key, value)));
  }

  public ConfigsImage without(ConfigResource resource, String key) {
    PersistentMap<String, String> rest = of(resource).without(key);
    return new ConfigsImage(
        rest.isEmpty() ? byResource.without(resource) : byResource.with(resource, rest));
  }
}
