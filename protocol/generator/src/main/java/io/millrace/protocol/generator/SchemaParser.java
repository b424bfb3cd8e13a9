package io.millrace.protocol.generator;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads one schema file: JSON with line comments. */
final class SchemaParser {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(JsonParser.Feature.ALLOW_COMMENTS);

  private final Map<String, Struct> parts = new LinkedHashMap<>();
  private Versions valid = Versions.NONE;
  private Versions flexible = Versions.NONE;

  private SchemaParser() {}

  static Schema parse(String json) throws IOException {
    return new SchemaParser().schema(JSON.readTree(json));
  }

  private Schema schema(JsonNode root) {
    valid = Versions.parse(root.path("validVersions").asText("none"));
    flexible = Versions.parse(root.path("flexibleVersions").asText("none"));
    for (JsonNode common : root.path("commonStructs")) {
      struct(common.path("name").asText(), common, versions(common, "versions", valid));
    }
    List<Field> fields = fields(root.path("fields"), valid);
    Struct message =
        new Struct(root.path("name").asText(), valid, root.path("about").asText(""), fields);
    List<String> listeners = new ArrayList<>();
    root.path("listeners").forEach(listener -> listeners.add(listener.asText()));
    return new Schema(
        root.path("type").asText(),
        root.path("apiKey").asInt(-1),
        valid,
        flexible,
        root.path("latestVersionUnstable").asBoolean(false),
        listeners,
        message,
        List.copyOf(parts.values()));
  }

  private void struct(String name, JsonNode node, Versions versions) {
    Struct part =
        new Struct(
            name, versions, node.path("about").asText(""), fields(node.path("fields"), versions));
    if (parts.put(name, part) != null) {
      throw new IllegalArgumentException("struct " + name + " is declared twice");
    }
  }

  private List<Field> fields(JsonNode nodes, Versions parent) {
    List<Field> fields = new ArrayList<>();
    for (JsonNode node : nodes) {
      FieldType type = FieldType.parse(node.path("type").asText());
      Versions versions = versions(node, "versions", parent).intersect(parent);
      if (node.has("fields")) {
        struct(type.name(), node, versions);
      }
      // A field that the valid versions do not reach any more has left the message.
      if (!versions.isEmpty()) {
        fields.add(field(node, type, versions));
      }
    }
    return fields;
  }

  private Field field(JsonNode node, FieldType type, Versions versions) {
    return new Field(
        decapitalise(node.path("name").asText()),
        type,
        versions,
        versions(node, "nullableVersions", Versions.NONE).intersect(versions),
        versions(node, "taggedVersions", Versions.NONE).intersect(versions),
        node.path("tag").asInt(-1),
        versions(node, "flexibleVersions", flexible),
        node.path("ignorable").asBoolean(false),
        text(node.path("default")),
        node.path("about").asText(""));
  }

  private static @Nullable String text(JsonNode node) {
    return node.isMissingNode() ? null : node.asText();
  }

  private static Versions versions(JsonNode node, String name, Versions otherwise) {
    JsonNode value = node.path(name);
    return value.isMissingNode() ? otherwise : Versions.parse(value.asText());
  }

  private static String decapitalise(String name) {
    return Character.toLowerCase(name.charAt(0)) + name.substring(1);
  }
}
