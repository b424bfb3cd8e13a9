package io.millrace.protocol.generator;

import java.util.List;
import java.util.Set;

/** Writes one struct as a Java record with its builder, reader and writer. */
final class RecordWriter {

  /** Names that the generated methods use for themselves. */
  private static final Set<String> TAKEN =
      Set.of("in", "out", "version", "flexible", "left", "tag", "tags", "end", "mark", "list", "i");

  private final Source out;
  private final Schema schema;
  private final Struct struct;
  private final boolean top;

  RecordWriter(Source out, Schema schema, Struct struct) {
    this.out = out;
    this.schema = schema;
    this.struct = struct;
    this.top = struct.name().equals(schema.name());
  }

  void write() {
    comment();
    open();
    constructor();
    builderMethods();
    read();
    if (!top && usedInArray()) {
      readList();
    }
    writeMethod();
    if (holdsRecords(struct)) {
      release();
    }
    new BuilderWriter(out, struct).write();
    if (top) {
      for (Struct part : schema.parts()) {
        out.line("");
        new RecordWriter(out, schema, part).write();
      }
    }
    out.line("}");
  }

  private void comment() {
    out.line("/**");
    String about = struct.about().isEmpty() ? struct.name() + "." : Names.javadoc(struct.about());
    out.line(
        " * "
            + (top
                ? "Versions " + schema.versions().low() + " to " + schema.versions().high() + "."
                : about));
    List<Field> fields = struct.fields();
    if (!fields.isEmpty()) {
      out.line(" *");
    }
    for (Field field : fields) {
      out.line(" * @param " + field.name() + " " + Names.javadoc(field.about()));
    }
    out.line(" */");
  }

  private void open() {
    String implemented =
        schema.isRequest() ? "RequestMessage" : schema.isResponse() ? "ResponseMessage" : "Message";
    out.line("public record " + struct.name() + "(");
    for (int i = 0; i < struct.fields().size(); i++) {
      Field field = struct.fields().get(i);
      String comma = i + 1 < struct.fields().size() ? "," : "";
      out.line("    " + Names.declaredType(field) + " " + field.name() + comma);
    }
    out.line(top ? ") implements " + implemented + " {" : ") {");
    if (!top && FieldCode.uses(schema, struct.name(), false)) {
      String defaults =
          String.join(", ", struct.fields().stream().map(Field::defaultValue).toList());
      out.line("");
      out.line("/** Every field at the schema's default. */");
      out.line(
          String.format(
              "public static final %s DEFAULT = new %s(%s);",
              struct.name(), struct.name(), defaults));
    }
  }

  private void constructor() {
    if (struct.fields().stream().noneMatch(f -> f.type().array() || isBytes(f))) {
      return;
    }
    out.line("");
    out.line("public " + struct.name() + " {");
    for (Field field : struct.fields()) {
      String name = field.name();
      String guard = field.isNullable() ? name + " == null ? null : " : "";
      if (field.type().array()) {
        out.line(name + " = " + guard + "List.copyOf(" + name + ");");
      } else if (isBytes(field)) {
        out.line(name + " = " + guard + "WireFormat.readOnly(" + name + ");");
      }
    }
    out.line("}");
  }

  private static boolean isBytes(Field field) {
    return field.type().name().equals("bytes");
  }

  private void builderMethods() {
    out.line("");
    out.line("public static Builder builder() {").line("return new Builder();").line("}");
    out.line("");
    out.line("public Builder toBuilder() {");
    out.line("Builder copy = new Builder();");
    for (Field field : struct.fields()) {
      out.line("copy." + field.name() + " = this." + field.name() + ";");
    }
    out.line("return copy;").line("}");
    if (top && schema.apiKey() >= 0) {
      out.line("");
      out.line("@Override");
      out.line("public ApiKey apiKey() {");
      out.line("return ApiKey." + Names.apiConstant(schema) + ";");
      out.line("}");
    }
  }

  private void read() {
    boolean guarded = top && holdsRecords(struct);
    out.line("");
    out.line("public static " + struct.name() + " read(WireReader in, short version) {");
    if (guarded) {
      out.line("try {").line("return readFields(in, version);");
      out.line("} catch (RuntimeException e) {");
      out.line("in.releaseSlices();").line("throw e;").line("}").line("}").line("");
      out.line("private static " + struct.name() + " readFields(WireReader in, short version) {");
    }
    requireVersion();
    flexible();
    for (Field field : struct.fields()) {
      String condition = field.untagged().condition(struct.versions());
      String value = FieldCode.read(field, field.untagged());
      String expression =
          switch (condition) {
            case "true" -> value;
            case "false" -> field.defaultValue();
            default -> condition + " ? " + value + " : " + field.defaultValue();
          };
      out.line(Names.declaredType(field) + " " + local(field) + " = " + expression + ";");
    }
    readTagged();
    out.line("return new " + struct.name() + "(" + String.join(", ", locals()) + ");");
    out.line("}");
  }

  private List<String> locals() {
    return struct.fields().stream().map(RecordWriter::local).toList();
  }

  private static String local(Field field) {
    return TAKEN.contains(field.name()) ? field.name() + "Value" : field.name();
  }

  private List<Field> taggedFields() {
    return struct.fields().stream()
        .filter(field -> !field.tagged().isEmpty())
        .sorted((a, b) -> Integer.compare(a.tag(), b.tag()))
        .toList();
  }

  private void readTagged() {
    String condition = schema.flexible().condition(struct.versions());
    if (condition.equals("false")) {
      return;
    }
    boolean opened = out.when(condition.equals("true") ? "true" : "flexible");
    List<Field> tagged = taggedFields();
    if (tagged.isEmpty()) {
      out.line("in.skipTaggedFields();");
      out.end(opened);
      return;
    }
    out.line("for (int left = in.readTagCount(); left > 0; left--) {");
    out.line("int tag = in.readUnsignedVarint();");
    out.line("int end = in.beginTaggedField();");
    String start = "if (";
    for (Field field : tagged) {
      String known = field.tagged().condition(struct.versions().intersect(schema.flexible()));
      out.line(
          start + "tag == " + field.tag() + (known.equals("true") ? "" : " && " + known) + ") {");
      out.line(local(field) + " = " + FieldCode.read(field, field.tagged()) + ";");
      start = "} else if (";
    }
    out.line("} else {").line("in.skipTaggedField(end);").line("}");
    out.line("in.endTaggedField(end);");
    out.line("}");
    out.end(opened);
  }

  private void requireVersion() {
    if (top) {
      Versions valid = schema.versions();
      out.line(
          String.format(
              "WireFormat.requireVersion(\"%s\", version, %d, %d);",
              struct.name(), valid.low(), valid.high()));
    }
  }

  /** Declares what the lengths and the tagged fields depend on, if they do. */
  private void flexible() {
    String condition = schema.flexible().condition(struct.versions());
    boolean constant = condition.equals("true") || condition.equals("false");
    boolean needed = struct.fields().stream().anyMatch(field -> field.type().hasLength());
    if (needed || !constant) {
      out.line("boolean flexible = " + condition + ";");
    }
  }

  private boolean usedInArray() {
    return FieldCode.uses(schema, struct.name(), true);
  }

  private void readList() {
    String name = struct.name();
    out.line("");
    out.line(
        "static @Nullable List<" + name + "> readList(WireReader in, short version, int length) {");
    out.line("if (length < 0) {").line("return null;").line("}");
    out.line("List<" + name + "> list = WireReader.newList(length);");
    out.line("for (int i = 0; i < length; i++) {").line("list.add(read(in, version));").line("}");
    out.line("return List.copyOf(list);");
    out.line("}");
  }

  private void writeMethod() {
    out.line("");
    if (top) {
      out.line("@Override");
    }
    out.line("public void write(WireWriter out, short version) {");
    requireVersion();
    flexible();
    for (Field field : struct.fields()) {
      writeUntagged(field);
    }
    writeTagged();
    out.line("}");
  }

  private void writeUntagged(Field field) {
    String notDefault = field.isNotDefault("this." + field.name());
    String exists = field.versions().condition(struct.versions());
    String untagged = field.untagged().condition(struct.versions());
    boolean check = !field.ignorable() && !exists.equals("true");
    if (untagged.equals("true")) {
      FieldCode.write(out, field, field.untagged());
      return;
    }
    if (!untagged.equals("false")) {
      out.line("if (" + untagged + ") {");
      FieldCode.write(out, field, field.untagged());
      out.line("}");
    }
    if (check) {
      String absent = exists.equals("false") ? "" : "!(" + exists + ") && ";
      out.line("if (" + absent + "(" + notDefault + ")) {");
      out.line(
          String.format(
              "throw UnsupportedFieldException.absent(\"%s\", \"%s\", version);",
              struct.name(), field.name()));
      out.line("}");
    }
  }

  private void writeTagged() {
    String condition = schema.flexible().condition(struct.versions());
    if (condition.equals("false")) {
      return;
    }
    boolean opened = out.when(condition.equals("true") ? "true" : "flexible");
    List<Field> tagged = taggedFields();
    if (tagged.isEmpty()) {
      out.line("out.writeUnsignedVarint(0);");
      out.end(opened);
      return;
    }
    out.line("int tags = 0;");
    for (Field field : tagged) {
      out.line("if (" + isTagged(field) + ") {").line("tags++;").line("}");
    }
    out.line("out.writeUnsignedVarint(tags);");
    for (Field field : tagged) {
      out.line("if (" + isTagged(field) + ") {");
      out.line("int mark = out.beginTaggedField(" + field.tag() + ");");
      FieldCode.write(out, field, field.tagged());
      out.line("out.endTaggedField(mark);");
      out.line("}");
    }
    out.end(opened);
  }

  private String isTagged(Field field) {
    String known = field.tagged().condition(struct.versions().intersect(schema.flexible()));
    String notDefault = field.isNotDefault("this." + field.name());
    return known.equals("true") ? notDefault : known + " && (" + notDefault + ")";
  }

  private boolean holdsRecords(Struct candidate) {
    return candidate.fields().stream()
        .anyMatch(
            field ->
                field.isRecords()
                    || (field.type().isStruct() && holdsRecords(part(field.type().name()))));
  }

  private Struct part(String name) {
    return schema.parts().stream()
        .filter(part -> part.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no struct " + name));
  }

  private void release() {
    out.line("");
    if (top) {
      out.line("@Override");
    }
    out.line("public void release() {");
    for (Field field : struct.fields()) {
      String value = "this." + field.name();
      boolean holds =
          field.isRecords() || (field.type().isStruct() && holdsRecords(part(field.type().name())));
      if (!holds) {
        continue;
      }
      boolean opened = out.when(field.isNullable() ? value + " != null" : "true");
      out.line(
          field.type().array()
              ? value + ".forEach(" + field.type().name() + "::release);"
              : value + ".release();");
      out.end(opened);
    }
    out.line("}");
  }
}
