package io.millrace.metadata.controller;

import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PersistentMap;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.record.ImageReplay;
import io.millrace.metadata.record.MetadataChange;
import io.millrace.metadata.record.MetadataRecord.ConfigRecord;
import io.millrace.metadata.record.RecordKey;
import io.millrace.metadata.request.AlterConfigs;
import io.millrace.metadata.request.AlterConfigs.Change;
import io.millrace.metadata.request.AlterConfigs.Operation;
import io.millrace.metadata.request.AlterConfigs.ResourceChange;
import io.millrace.metadata.request.AlterConfigs.ResourceResult;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Decides dynamic configs. Pure. */
final class ConfigControl {

  private final ConfigValidator validator;

  ConfigControl(ConfigValidator validator) {
    this.validator = validator;
  }

  ControlDecision<AlterConfigs.Response> alter(MetadataImage image, AlterConfigs request) {
    List<MetadataChange> changes = new ArrayList<>();
    List<ResourceResult> answers = new ArrayList<>();
    Set<ConfigResource> seen = new HashSet<>();
    Set<String> electIn = new HashSet<>();
    for (ResourceChange change : request.resources()) {
      Map<String, @Nullable String> wanted = new TreeMap<>();
      Result result =
          seen.add(change.resource())
              ? plan(image, change, wanted)
              : Result.of(ErrorCode.INVALID_REQUEST, change.resource() + " is named twice");
      answers.add(new ResourceResult(change.resource(), result));
      if (result.isOk() && !request.validateOnly()) {
        wanted.forEach((key, value) -> changes.add(write(change.resource(), key, value)));
        if ("true".equals(wanted.get(Partitions.UNCLEAN_ELECTION))) {
          electIn.addAll(topicsUnder(image, change.resource()));
        }
      }
    }
    if (!electIn.isEmpty()) {
      ImageReplay replay = ImageReplay.after(image);
      changes.forEach(change -> replay.apply(change, image.revision() + 1));
      changes.addAll(
          LeaderControl.electLeaderless(
              replay.finish(image.revision() + 1, image.term()).image(), electIn));
    }
    return new ControlDecision<>(changes, new AlterConfigs.Response(answers));
  }

  /** Fills in what to write: a value, or null to delete. */
  private Result plan(
      MetadataImage image, ResourceChange change, Map<String, @Nullable String> wanted) {
    ConfigResource resource = change.resource();
    Result exists = checkExists(image, resource);
    if (!exists.isOk()) {
      return exists;
    }
    PersistentMap<String, String> present = image.configs().of(resource);
    if (change.replaceAll()) {
      present.forEach(entry -> wanted.put(entry.getKey(), null));
    }
    Set<String> named = new HashSet<>();
    for (Change one : change.changes()) {
      if (one.key().isEmpty() || one.key().indexOf('/') >= 0) {
        return Result.of(ErrorCode.INVALID_CONFIG, "'" + one.key() + "' is not a config's name");
      }
      if (!named.add(one.key())) {
        return Result.of(
            ErrorCode.INVALID_REQUEST,
            "config " + one.key() + " of " + resource + " is named twice");
      }
      if (one.operation() != Operation.DELETE && one.value() == null) {
        return Result.of(
            ErrorCode.INVALID_CONFIG,
            "config " + one.key() + " of " + resource + " has no value to " + one.operation());
      }
      String value = newValue(one, present.get(one.key()));
      if (value != null) {
        Result valid = validator.validate(resource, one.key(), value);
        if (!valid.isOk()) {
          return valid;
        }
      }
      wanted.put(one.key(), value);
    }
    wanted
        .entrySet()
        .removeIf(entry -> Objects.equals(entry.getValue(), present.get(entry.getKey())));
    return Result.OK;
  }

  private static @Nullable String newValue(Change change, @Nullable String present) {
    if (change.operation() == Operation.DELETE || change.value() == null) {
      return null;
    }
    if (change.operation() == Operation.SET) {
      return change.value();
    }
    Set<String> items = items(present);
    if (change.operation() == Operation.APPEND) {
      items.addAll(items(change.value()));
    } else {
      items.removeAll(items(change.value()));
    }
    return String.join(",", items);
  }

  private static Set<String> items(@Nullable String list) {
    return list == null || list.isEmpty()
        ? new LinkedHashSet<>()
        : new LinkedHashSet<>(Arrays.asList(list.split(",")));
  }

  private static Result checkExists(MetadataImage image, ConfigResource resource) {
    if (resource.type() == ConfigResource.Type.TOPIC) {
      return image.topics().topic(resource.name()) != null
          ? Result.OK
          : Result.of(
              ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "topic " + resource.name() + " does not exist");
    }
    if (resource.name().isEmpty()) {
      return Result.OK;
    }
    try {
      if (image.cluster().broker(Integer.parseInt(resource.name())) != null) {
        return Result.OK;
      }
    } catch (NumberFormatException notAnId) {
      return Result.of(ErrorCode.INVALID_REQUEST, "'" + resource.name() + "' is not a broker's id");
    }
    return Result.of(ErrorCode.INVALID_REQUEST, "broker " + resource.name() + " is not registered");
  }

  private static Set<String> topicsUnder(MetadataImage image, ConfigResource resource) {
    if (resource.type() == ConfigResource.Type.TOPIC) {
      return Set.of(resource.name());
    }
    Set<String> all = new HashSet<>();
    if (resource.equals(ConfigResource.BROKER_DEFAULT)) {
      for (TopicImage topic : image.topics().byName()) {
        all.add(topic.name());
      }
    }
    return all;
  }

  private static MetadataChange write(ConfigResource resource, String key, @Nullable String value) {
    return value == null
        ? MetadataChange.delete(new RecordKey.Config(resource, key))
        : MetadataChange.put(new ConfigRecord(resource, key, value));
  }
}
