package io.millrace.tools;

import io.millrace.server.config.ConfigException;
import io.millrace.server.config.NodeConfig;
import io.millrace.tools.node.ConfigFile;
import io.millrace.tools.node.NodeState;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which node of this machine a command is about. */
final class ConfigOption {

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description =
          "The node's properties, by Kafka's key names. Default: a single node with data in ./data.")
  private @Nullable Path file;

  @Option(
      names = "--override",
      paramLabel = "KEY=VALUE",
      description = "A configuration key that wins over the file's. May be repeated.")
  private Map<String, String> overrides = new LinkedHashMap<>();

  @Nullable Path file() {
    return file;
  }

  Map<String, String> overrides() {
    return overrides;
  }

  NodeConfig load() {
    try {
      return ConfigFile.load(file, overrides);
    } catch (ConfigException e) {
      throw new CommandFailure(
          ExitCode.USAGE,
          String.valueOf(e.getMessage()),
          "All keys with their ranges: millrace node config-keys");
    }
  }

  /**
   * Where the node that this configuration describes tells of itself: a directory that it cannot do
   * without.
   */
  static Path stateFile(NodeConfig config) {
    return NodeState.file(config.storage().metadataDir());
  }
}
