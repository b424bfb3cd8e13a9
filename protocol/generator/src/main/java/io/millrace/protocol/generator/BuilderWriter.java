package io.millrace.protocol.generator;

/** Writes the nested builder of a record. */
final class BuilderWriter {

  private final Source out;
  private final Struct struct;

  BuilderWriter(Source out, Struct struct) {
    this.out = out;
    this.struct = struct;
  }

  void write() {
    out.line("");
    out.line("/** Starts with every field at the schema's default. */");
    out.line("public static final class Builder {");
    for (Field field : struct.fields()) {
      out.line(
          "private "
              + Names.declaredType(field)
              + " "
              + field.name()
              + " = "
              + field.defaultValue()
              + ";");
    }
    out.line("");
    out.line("private Builder() {}");
    for (Field field : struct.fields()) {
      String name = field.name();
      out.line("");
      out.line("public Builder " + name + "(" + Names.declaredType(field) + " value) {");
      out.line("this." + name + " = value;").line("return this;").line("}");
    }
    out.line("");
    out.line("public " + struct.name() + " build() {");
    String arguments = String.join(", ", struct.fields().stream().map(Field::name).toList());
    out.line("return new " + struct.name() + "(" + arguments + ");");
    out.line("}");
    out.line("}");
  }
}
