package io.millrace.protocol.generator;

import java.util.Locale;

/** How things are called in the generated sources. */
final class Names {

  private Names() {}

  static String declaredType(Field field) {
    return (field.isNullable() ? "@Nullable " : "") + field.type().javaType();
  }

  /** {@code DescribeConfigsRequest} is of the API {@code DESCRIBE_CONFIGS}. */
  static String apiConstant(Schema schema) {
    return apiName(schema).replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(Locale.ROOT);
  }

  /** {@code DescribeConfigsRequest} is of the API {@code DescribeConfigs}. */
  static String apiName(Schema schema) {
    return schema.name().replaceAll("(Request|Response)$", "");
  }

  static String javadoc(String text) {
    return text.isEmpty()
        ? "see the schema"
        : text.replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace("@", "&#64;")
            .replace("*/", "* /");
  }
}
