package io.millrace.protocol.generator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class SchemaParserTest {

  private static final String SCHEMA =
      """
      // A comment, as the schemas have them.
      {
        "apiKey": 7, "type": "request", "listeners": ["broker"], "name": "MillRequest",
        "validVersions": "2-4", "flexibleVersions": "3+", "latestVersionUnstable": true,
        "fields": [
          { "name": "Gone", "type": "int32", "versions": "0-1" },
          { "name": "Limit", "type": "int64", "versions": "2+", "default": "0x7fffffffffffffff" },
          { "name": "Wheel", "type": "string", "versions": "3+", "nullableVersions": "4+",
            "taggedVersions": "3+", "tag": 0, "ignorable": true, "default": "null" },
          { "name": "Stones", "type": "[]Stone", "versions": "0+", "fields": [
            { "name": "Weight", "type": "int16", "versions": "0+", "default": -1 } ] }
        ]
      }
      """;

  @Test
  void schema_isCutToItsValidVersions() throws IOException {
    Schema schema = SchemaParser.parse(SCHEMA);

    assertThat(schema.versions()).isEqualTo(new Versions(2, 4));
    assertThat(schema.latestUnstable()).isTrue();
    assertThat(schema.listeners()).containsExactly("broker");
    assertThat(schema.message().fields())
        .extracting(Field::name)
        .containsExactly("limit", "wheel", "stones");
    assertThat(schema.parts()).extracting(Struct::name).containsExactly("Stone");
  }

  @Test
  void defaults_becomeJavaExpressions() throws IOException {
    Schema schema = SchemaParser.parse(SCHEMA);

    assertThat(schema.message().fields())
        .extracting(Field::defaultValue)
        .containsExactly("9223372036854775807L", "null", "List.of()");
    assertThat(schema.parts().get(0).fields().get(0).defaultValue()).isEqualTo("(short) -1");
  }

  @Test
  void taggedField_isNullableOnlyWhereTheSchemaSaysSo() throws IOException {
    Field wheel = SchemaParser.parse(SCHEMA).message().fields().get(1);

    assertThat(wheel.nullable()).isEqualTo(new Versions(4, 4));
    assertThat(wheel.tagged()).isEqualTo(new Versions(3, 4));
    assertThat(wheel.untagged().isEmpty()).isTrue();
    assertThat(wheel.ignorable()).isTrue();
  }
}
