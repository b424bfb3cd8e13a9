package io.millrace.protocol.generator;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/**
 * Reads the message schemas out of the kafka-clients jar on its class path and writes Java sources
 * into the directory given as its argument. Does nothing when neither the jar nor the generator has
 * changed since, and leaves files alone whose content stays the same, so that a build compiles only
 * what it must.
 */
public final class Generator {

  private static final String SCHEMAS = "common/message/";
  private static final String MESSAGES = "io/millrace/protocol/message/";

  private Generator() {}

  /** The build calls this. */
  public static void main(String[] arguments) throws IOException, URISyntaxException {
    Path target = Path.of(arguments[0]);
    URL schema = Generator.class.getClassLoader().getResource(SCHEMAS + "ProduceRequest.json");
    if (schema == null) {
      throw new IllegalStateException("no " + SCHEMAS + " on the class path");
    }
    JarURLConnection connection = (JarURLConnection) schema.openConnection();
    connection.setUseCaches(false);
    try (JarFile jar = connection.getJarFile()) {
      String stamp = stamp(Path.of(jar.getName()));
      Path stampFile = target.resolve("generator.stamp");
      if (Files.exists(stampFile) && Files.readString(stampFile).equals(stamp)) {
        return;
      }
      generate(schemas(jar), target);
      Files.writeString(stampFile, stamp);
    }
  }

  /** Tells one state of the inputs from another: the jar, and our own classes. */
  private static String stamp(Path jar) throws IOException, URISyntaxException {
    Path self =
        Path.of(Generator.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    StringBuilder stamp = new StringBuilder();
    try (Stream<Path> classes = Files.walk(self)) {
      for (Path file : classes.filter(Files::isRegularFile).sorted().toList()) {
        describe(stamp, file);
      }
    }
    describe(stamp, jar);
    return stamp.toString();
  }

  private static void describe(StringBuilder stamp, Path file) throws IOException {
    stamp
        .append(file.getFileName())
        .append(' ')
        .append(Files.size(file))
        .append(' ')
        .append(Files.getLastModifiedTime(file).toMillis())
        .append('\n');
  }

  private static List<Schema> schemas(JarFile jar) throws IOException {
    List<Schema> schemas = new ArrayList<>();
    for (JarEntry entry : jar.stream().toList()) {
      if (entry.getName().startsWith(SCHEMAS) && entry.getName().endsWith(".json")) {
        byte[] json = jar.getInputStream(entry).readAllBytes();
        Schema schema = SchemaParser.parse(new String(json, StandardCharsets.UTF_8));
        // Some schemas only keep a dead API's number from being used again.
        if (!schema.versions().isEmpty()) {
          schemas.add(schema);
        }
      }
    }
    return schemas;
  }

  private static void generate(List<Schema> schemas, Path target) throws IOException {
    Set<Path> written = new HashSet<>();
    for (Schema schema : schemas) {
      write(written, target.resolve(MESSAGES + schema.name() + ".java"), message(schema));
    }
    ApiWriter apis = new ApiWriter(schemas);
    write(written, target.resolve("io/millrace/protocol/ApiKey.java"), apis.apiKey());
    write(written, target.resolve(MESSAGES + "MessageRegistry.java"), apis.registry());
    try (Stream<Path> files = Files.walk(target)) {
      for (Path file : files.filter(file -> file.toString().endsWith(".java")).toList()) {
        if (!written.contains(file)) {
          Files.delete(file);
        }
      }
    }
  }

  private static String message(Schema schema) {
    Source out = new Source();
    out.line("package io.millrace.protocol.message;").line("");
    out.line("import io.millrace.protocol.ApiKey;");
    out.line("import io.millrace.protocol.Uuid;");
    out.line("import io.millrace.protocol.codec.UnsupportedFieldException;");
    out.line("import io.millrace.protocol.codec.WireReader;");
    out.line("import io.millrace.protocol.codec.WireWriter;");
    out.line("import io.millrace.protocol.record.Records;");
    out.line("import java.nio.ByteBuffer;");
    out.line("import java.util.List;");
    out.line("import org.jspecify.annotations.Nullable;").line("");
    new RecordWriter(out, schema, schema.message()).write();
    return out.toString();
  }

  private static void write(Set<Path> written, Path file, String text) throws IOException {
    written.add(file);
    if (Files.exists(file) && Files.readString(file).equals(text)) {
      return;
    }
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
