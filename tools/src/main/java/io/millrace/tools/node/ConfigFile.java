package io.millrace.tools.node;

import io.millrace.server.config.ConfigException;
import io.millrace.server.config.NodeConfig;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** Reads a node's configuration: a properties file, with overrides from the command line. */
public final class ConfigFile {

  private ConfigFile() {}

  /**
   * @param file null means defaults
   * @param overrides win over the file
   * @throws ConfigException naming key, value and range, and the file
   */
  public static NodeConfig load(@Nullable Path file, Map<String, String> overrides) {
    Properties properties = new Properties();
    if (file != null) {
      try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
        properties.load(reader);
      } catch (IOException e) {
        throw new ConfigException("cannot read configuration file " + file + ": " + reason(e));
      } catch (IllegalArgumentException e) {
        throw new ConfigException(
            "configuration file " + file + " is not a properties file: " + e.getMessage());
      }
    }
    overrides.forEach(properties::setProperty);
    try {
      return NodeConfig.from(properties);
    } catch (ConfigException e) {
      throw file == null ? e : new ConfigException(file + ": " + e.getMessage());
    }
  }

  private static String reason(IOException e) {
    return e instanceof java.nio.file.NoSuchFileException
        ? "there is no such file"
        : String.valueOf(e.getMessage());
  }
}
