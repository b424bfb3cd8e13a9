package io.millrace.protocol.generator;

/** A field's type: a primitive of the protocol, a struct, or an array of one of them. */
record FieldType(String name, boolean array) {

  static FieldType parse(String text) {
    return text.startsWith("[]")
        ? new FieldType(text.substring(2), true)
        : new FieldType(text, false);
  }

  FieldType element() {
    return new FieldType(name, false);
  }

  boolean isStruct() {
    return Character.isUpperCase(name.charAt(0));
  }

  /** Whether the Java type of one element is a primitive, which cannot be null. */
  boolean isPrimitive() {
    return !array
        && switch (name) {
          case "string", "uuid", "bytes", "records" -> false;
          default -> !isStruct();
        };
  }

  /** Whether the length's form, and so the value's, depends on the version being flexible. */
  boolean hasLength() {
    return array || name.equals("string") || name.equals("bytes") || name.equals("records");
  }

  String javaType() {
    return array ? "List<" + element().boxedType() + ">" : elementType(false);
  }

  private String boxedType() {
    return elementType(true);
  }

  private String elementType(boolean boxed) {
    return switch (name) {
      case "bool" -> boxed ? "Boolean" : "boolean";
      case "int8" -> boxed ? "Byte" : "byte";
      case "int16" -> boxed ? "Short" : "short";
      case "uint16", "int32" -> boxed ? "Integer" : "int";
      case "uint32", "int64" -> boxed ? "Long" : "long";
      case "float64" -> boxed ? "Double" : "double";
      case "string" -> "String";
      case "uuid" -> "Uuid";
      case "bytes" -> "ByteBuffer";
      case "records" -> "Records";
      default -> structName();
    };
  }

  private String structName() {
    if (!isStruct()) {
      throw new IllegalArgumentException("unknown type " + name);
    }
    return name;
  }

  /** The part of the reader's and writer's method names that stands for the element type. */
  String methodName() {
    return switch (name) {
      case "bool" -> "Boolean";
      case "int8" -> "Byte";
      case "int16" -> "Short";
      case "uint16" -> "UnsignedShort";
      case "int32" -> "Int";
      case "uint32" -> "UnsignedInt";
      case "int64" -> "Long";
      case "float64" -> "Double";
      case "string" -> "String";
      case "uuid" -> "Uuid";
      case "bytes" -> "Bytes";
      default -> throw new IllegalArgumentException("no method for " + name);
    };
  }
}
