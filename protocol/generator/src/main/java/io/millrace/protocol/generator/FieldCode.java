package io.millrace.protocol.generator;

import java.util.stream.Stream;

/** The Java for one field's value on the wire. */
final class FieldCode {

  private FieldCode() {}

  /** Whether a struct of that name is the type of some field, in or outside an array. */
  static boolean uses(Schema schema, String name, boolean array) {
    return Stream.concat(Stream.of(schema.message()), schema.parts().stream())
        .flatMap(struct -> struct.fields().stream())
        .anyMatch(field -> field.type().name().equals(name) && field.type().array() == array);
  }

  /** Whether lengths are compact: a constant, or the generated methods' local variable. */
  private static String flexible(Field field) {
    return field.flexible().isEmpty() ? "false" : "flexible";
  }

  /** The expression that reads the value, in the versions {@code within}. */
  static String read(Field field, Versions within) {
    FieldType type = field.type();
    String nullable = field.nullable().condition(within);
    String flexible = flexible(field);
    if (type.array()) {
      return readList(type, readLength(nullable, flexible), flexible);
    }
    if (type.isStruct()) {
      String value = type.name() + ".read(in, version)";
      return switch (nullable) {
        case "true" -> "(in.readPresence() ? " + value + " : null)";
        case "false" -> value;
        default -> "(!(" + nullable + ") || in.readPresence() ? " + value + " : null)";
      };
    }
    return switch (type.name()) {
      case "records" -> "Records.read(in, " + flexible + ", " + nullable + ")";
      case "string", "bytes" ->
          choose(
              nullable,
              "in.readNullable" + type.methodName() + "(" + flexible + ")",
              "in.read" + type.methodName() + "(" + flexible + ")");
      default -> "in.read" + type.methodName() + "()";
    };
  }

  private static String readLength(String nullable, String flexible) {
    return choose(
        nullable,
        "in.readNullableArrayLength(" + flexible + ")",
        "in.readArrayLength(" + flexible + ")");
  }

  private static String readList(FieldType type, String length, String flexible) {
    if (type.isStruct()) {
      return type.name() + ".readList(in, version, " + length + ")";
    }
    String more = type.element().hasLength() ? ", " + flexible : "";
    return "in.read" + type.element().methodName() + "List(" + length + more + ")";
  }

  private static String choose(String condition, String yes, String no) {
    return switch (condition) {
      case "true" -> yes;
      case "false" -> no;
      default -> "(" + condition + " ? " + yes + " : " + no + ")";
    };
  }

  /** The statements that write the value, in the versions {@code within}. */
  static void write(Source out, Field field, Versions within) {
    FieldType type = field.type();
    String value = "this." + field.name();
    String nullable = field.nullable().condition(within);
    String flexible = flexible(field);
    if (field.isNullable() && !field.isRecords() && !nullable.equals("true")) {
      String refused = nullable.equals("false") ? "" : "!(" + nullable + ") && ";
      out.line("if (" + refused + value + " == null) {");
      out.line("throw WireFormat.mayNotBeNull(\"" + field.name() + "\", version);");
      out.line("}");
    }
    if (type.array()) {
      writeList(out, field, value, flexible, !nullable.equals("false"));
    } else if (type.isStruct()) {
      writeStruct(out, value, nullable);
    } else if (field.isRecords()) {
      out.line("Records.write(out, " + value + ", " + flexible + ", " + nullable + ");");
    } else {
      String how = type.hasLength() && !nullable.equals("false") ? "Nullable" : "";
      String more = type.hasLength() ? ", " + flexible : "";
      out.line("out.write" + how + type.methodName() + "(" + value + more + ");");
    }
  }

  private static void writeStruct(Source out, String value, String nullable) {
    switch (nullable) {
      case "false" -> out.line(value + ".write(out, version);");
      case "true" ->
          out.line("if (out.writePresence(" + value + ")) {")
              .line(value + ".write(out, version);")
              .line("}");
      default ->
          out.line("if (!(" + nullable + ") || out.writePresence(" + value + ")) {")
              .line(value + ".write(out, version);")
              .line("}");
    }
  }

  private static void writeList(
      Source out, Field field, String value, String flexible, boolean nullable) {
    FieldType type = field.type();
    if (nullable) {
      out.line("if (" + value + " == null) {");
      out.line("out.writeLength(-1, " + flexible + ");");
      out.line("} else {");
    }
    out.line("out.writeLength(" + value + ".size(), " + flexible + ");");
    if (type.isStruct()) {
      out.line("for (int i = 0; i < " + value + ".size(); i++) {");
      out.line(value + ".get(i).write(out, version);");
      out.line("}");
    } else {
      String more = type.element().hasLength() ? ", " + flexible : "";
      out.line("out.write" + type.element().methodName() + "List(" + value + more + ");");
    }
    out.end(nullable);
  }
}
