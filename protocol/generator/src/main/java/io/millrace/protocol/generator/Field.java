package io.millrace.protocol.generator;

import org.jspecify.annotations.Nullable;

/**
 * One field of a schema.
 *
 * @param name decapitalised, as the Java component is called
 * @param versions where the field exists, within the message's versions
 * @param nullable where it may be null
 * @param tagged where it is written as a tagged field
 * @param tag its tag, -1 when it is never tagged
 * @param flexible where its length is compact
 * @param ignorable whether a set value may be dropped silently in versions without the field
 * @param defaultText the schema's default; null when it gives none
 */
record Field(
    String name,
    FieldType type,
    Versions versions,
    Versions nullable,
    Versions tagged,
    int tag,
    Versions flexible,
    boolean ignorable,
    @Nullable String defaultText,
    String about) {

  /** Whether the Java component can hold null. */
  boolean isNullable() {
    return !type.isPrimitive() && (!nullable.isEmpty() || isRecords());
  }

  boolean isRecords() {
    return !type.array() && type.name().equals("records");
  }

  Versions untagged() {
    return versions.minus(tagged);
  }

  boolean defaultsToNull() {
    return isRecords() || "null".equals(defaultText);
  }

  /** The default as a Java expression. */
  String defaultValue() {
    String text = defaultText == null ? "" : defaultText;
    if (defaultsToNull()) {
      return "null";
    }
    if (type.array()) {
      return "List.of()";
    }
    return switch (type.name()) {
      case "bool" -> text.isEmpty() ? "false" : String.valueOf(Boolean.parseBoolean(text));
      case "int8" -> "(byte) " + number(text);
      case "int16" -> "(short) " + number(text);
      case "uint16", "int32" -> String.valueOf(number(text));
      case "uint32", "int64" -> number(text) + "L";
      case "float64" -> text.isEmpty() ? "0.0" : String.valueOf(Double.parseDouble(text));
      case "string" -> "\"" + text + "\"";
      case "uuid" -> "Uuid.ZERO";
      case "bytes" -> "WireFormat.EMPTY_BYTES";
      default -> type.name() + ".DEFAULT";
    };
  }

  /** The Java condition that {@code value}, an expression for the component, is not the default. */
  String isNotDefault(String value) {
    if (defaultsToNull()) {
      return value + " != null";
    }
    String guard = isNullable() ? value + " == null || " : "";
    if (type.array()) {
      return guard + "!" + value + ".isEmpty()";
    }
    return switch (type.name()) {
      case "bool" -> defaultValue().equals("true") ? "!" + value : value;
      case "int8", "int16", "uint16", "int32", "uint32", "int64", "float64" ->
          value + " != " + number(defaultText == null ? "" : defaultText) + suffix();
      case "string" -> guard + "!" + value + ".equals(" + defaultValue() + ")";
      case "bytes" -> guard + value + ".hasRemaining()";
      default ->
          // Same instance in the usual case, which spares the comparison of structs.
          guard
              + value
              + " != "
              + defaultValue()
              + " && !"
              + value
              + ".equals("
              + defaultValue()
              + ")";
    };
  }

  private String suffix() {
    return type.javaType().equals("long") ? "L" : "";
  }

  private static long number(String text) {
    return text.isEmpty() ? 0 : Long.decode(text);
  }
}
