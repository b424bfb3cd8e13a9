package io.millrace.protocol.generator;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Writes the enum of APIs and the class that finds the reader of a message by its API. */
final class ApiWriter {

  private final Map<Integer, Schema> requests = new TreeMap<>(Comparator.naturalOrder());
  private final Map<Integer, Schema> responses = new TreeMap<>(Comparator.naturalOrder());

  ApiWriter(List<Schema> schemas) {
    for (Schema schema : schemas) {
      if (schema.isRequest()) {
        requests.put(schema.apiKey(), schema);
      } else if (schema.isResponse()) {
        responses.put(schema.apiKey(), schema);
      }
    }
  }

  String apiKey() {
    Source out = new Source();
    out.line("package io.millrace.protocol;").line("");
    out.line("import org.jspecify.annotations.Nullable;").line("");
    out.line("/**");
    out.line(
        " * The requests that the protocol knows, with the versions of each. Generated; any thread.");
    out.line(" */");
    out.line("public enum ApiKey {");
    int left = requests.size();
    for (Schema request : requests.values()) {
      left--;
      int highest = request.versions().high();
      out.line(
          String.format(
              "%s(%d, \"%s\", %d, %d, %d, %d, %d, %b, %b)%s",
              Names.apiConstant(request),
              request.apiKey(),
              Names.apiName(request),
              request.versions().low(),
              request.latestUnstable() ? highest - 1 : highest,
              highest,
              flexibleFrom(request),
              flexibleFrom(responseTo(request)),
              request.listeners().contains("broker"),
              request.listeners().contains("controller"),
              left > 0 ? "," : ";"));
    }
    API_KEY_BODY.lines().forEach(out::line);
    return out.toString();
  }

  private Schema responseTo(Schema request) {
    Schema response = responses.get(request.apiKey());
    if (response == null) {
      throw new IllegalArgumentException(request.name() + " has no response");
    }
    return response;
  }

  private static int flexibleFrom(Schema schema) {
    return schema.flexible().isEmpty() ? Versions.OPEN : schema.flexible().low();
  }

  String registry() {
    Source out = new Source();
    out.line("package io.millrace.protocol.message;").line("");
    out.line("import io.millrace.protocol.ApiKey;");
    out.line("import io.millrace.protocol.codec.WireReader;").line("");
    out.line("/**");
    out.line(
        " * Finds the reader of a message by its API. Loads no message class before its first use.");
    out.line(" * Generated; any thread.");
    out.line(" */");
    out.line("public final class MessageRegistry {").line("");
    out.line("private MessageRegistry() {}");
    reader(out, "Request", requests);
    reader(out, "Response", responses);
    out.line("}");
    return out.toString();
  }

  private static void reader(Source out, String what, Map<Integer, Schema> schemas) {
    out.line("");
    out.line("/**");
    out.line(" * Reads a " + what.toLowerCase(Locale.ROOT) + "'s body.");
    out.line(" *");
    out.line(
        " * @throws io.millrace.protocol.codec.MalformedMessageException when the bytes are none");
    out.line(
        " * @throws io.millrace.protocol.codec.UnsupportedFieldException when the API lacks the version");
    out.line(" */");
    out.line(
        String.format(
            "public static %sMessage read%s(ApiKey key, WireReader in, short version) {",
            what, what));
    out.line("return switch (key.id()) {");
    for (Schema schema : schemas.values()) {
      out.line("case " + schema.apiKey() + " -> " + schema.name() + ".read(in, version);");
    }
    out.line("default -> throw new IllegalArgumentException(\"no messages of \" + key);");
    out.line("};").line("}");
  }

  private static final String API_KEY_BODY =
      """

      private static final @Nullable ApiKey[] BY_ID = byId();

      private final short id;
      private final String apiName;
      private final ApiVersionRange versions;
      private final short highestUnstable;
      private final short requestFlexibleFrom;
      private final short responseFlexibleFrom;
      private final boolean broker;
      private final boolean controller;

      ApiKey(int id, String apiName, int lowest, int highest, int highestUnstable, int requestFlexibleFrom,
          int responseFlexibleFrom, boolean broker, boolean controller) {
      this.id = (short) id;
      this.apiName = apiName;
      this.versions = ApiVersionRange.of(lowest, highest);
      this.highestUnstable = (short) highestUnstable;
      this.requestFlexibleFrom = (short) requestFlexibleFrom;
      this.responseFlexibleFrom = (short) responseFlexibleFrom;
      this.broker = broker;
      this.controller = controller;
      }

      /** The number on the wire. */
      public short id() {
      return id;
      }

      /** The name as Kafka writes it, for people: {@code "ListOffsets"}. */
      public String apiName() {
      return apiName;
      }

      /** The versions to speak with anybody: without a highest one that is still unstable. */
      public ApiVersionRange versions() {
      return versions;
      }

      public short lowestVersion() {
      return versions.lowest();
      }

      /** The highest version that is stable. */
      public short highestVersion() {
      return versions.highest();
      }

      /** The highest version that can be read and written, stable or not. */
      public short highestUnstableVersion() {
      return highestUnstable;
      }

      /** Whether a broker serves it to clients or other brokers. */
      public boolean isBrokerApi() {
      return broker;
      }

      /** Whether Kafka's controllers serve it. */
      public boolean isControllerApi() {
      return controller;
      }

      /** The version of the header in front of a request of that version. */
      public short requestHeaderVersion(short version) {
      return (short) (version >= requestFlexibleFrom ? 2 : 1);
      }

      /**
       * The version of the header in front of a response of that version. Always 0 for ApiVersions: whoever asks does not
       * know yet what we speak.
       */
      public short responseHeaderVersion(short version) {
      return (short) (this != API_VERSIONS && version >= responseFlexibleFrom ? 1 : 0);
      }

      /** The API with that number, null when we know none. */
      public static @Nullable ApiKey forId(short id) {
      return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
      }

      private static @Nullable ApiKey[] byId() {
      ApiKey[] all = values();
      @Nullable ApiKey[] byId = new ApiKey[all[all.length - 1].id + 1];
      for (ApiKey key : all) {
      byId[key.id] = key;
      }
      return byId;
      }
      }
      """;
}
