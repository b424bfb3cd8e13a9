package io.millrace.protocol.generator;

import java.util.List;

/** A record to be: a whole message or a part of one. */
record Struct(String name, Versions versions, String about, List<Field> fields) {

  Struct {
    fields = List.copyOf(fields);
  }
}
