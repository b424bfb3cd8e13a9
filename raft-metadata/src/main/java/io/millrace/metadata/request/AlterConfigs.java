package io.millrace.metadata.request;

import io.millrace.metadata.image.ConfigResource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Changes single configs of resources; each resource changes wholly or not at all. */
public record AlterConfigs(List<ResourceChange> resources, boolean validateOnly)
    implements ControllerRequest<AlterConfigs.Response> {

  public AlterConfigs {
    resources = List.copyOf(resources);
  }

  /** What to do with a key. */
  public enum Operation {
    SET,
    DELETE,
    /** Adds to a comma-separated list. */
    APPEND,
    /** Takes out of a comma-separated list. */
    SUBTRACT
  }

  /**
   * @param value null with {@link Operation#DELETE} only
   */
  public record Change(String key, Operation operation, @Nullable String value) {}

  /**
   * @param replaceAll whether configs that are not named go back to their defaults (Kafka's older
   *     AlterConfigs)
   */
  public record ResourceChange(ConfigResource resource, List<Change> changes, boolean replaceAll) {
    public ResourceChange {
      changes = List.copyOf(changes);
    }
  }

  /** In the order of the request. */
  public record Response(List<ResourceResult> resources) implements ControllerResponse {
    public Response {
      resources = List.copyOf(resources);
    }
  }

  public record ResourceResult(ConfigResource resource, Result result) {}
}
