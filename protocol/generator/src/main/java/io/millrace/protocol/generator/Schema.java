package io.millrace.protocol.generator;

import java.util.List;

/**
 * One schema file.
 *
 * @param kind {@code request}, {@code response}, {@code header} or {@code data}
 * @param apiKey the API's number, -1 for headers and data
 * @param latestUnstable whether the highest version is not to be spoken with strangers yet
 * @param listeners where a request is served: {@code broker}, {@code controller}
 * @param parts the structs that the message nests
 */
record Schema(
    String kind,
    int apiKey,
    Versions versions,
    Versions flexible,
    boolean latestUnstable,
    List<String> listeners,
    Struct message,
    List<Struct> parts) {

  Schema {
    listeners = List.copyOf(listeners);
    parts = List.copyOf(parts);
  }

  String name() {
    return message.name();
  }

  boolean isRequest() {
    return kind.equals("request");
  }

  boolean isResponse() {
    return kind.equals("response");
  }
}
