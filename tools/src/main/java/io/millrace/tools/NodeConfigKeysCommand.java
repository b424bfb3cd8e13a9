package io.millrace.tools;

import io.millrace.server.config.ConfigKey;
import io.millrace.server.config.NodeConfig;
import io.millrace.tools.output.Table;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code millrace node config-keys}: the reference of a node's configuration. */
@Command(
    name = "config-keys",
    description = "Lists every configuration key of a node: default, range, meaning.",
    mixinStandardHelpOptions = true)
final class NodeConfigKeysCommand implements Callable<Integer> {

  @Mixin private Console console;

  @Override
  public Integer call() {
    List<ConfigKey<?>> keys =
        NodeConfig.keys().stream().sorted(Comparator.comparing(ConfigKey<?>::name)).toList();
    if (console.json()) {
      for (ConfigKey<?> key : keys) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("key", key.name());
        entry.put("default", key.defaultText());
        entry.put("allowed", key.allowed());
        entry.put("meaning", key.sentence());
        console.printJson(entry);
      }
      return ExitCode.OK;
    }
    Table table = new Table("KEY", "DEFAULT", "ALLOWED", "MEANING");
    keys.forEach(
        key ->
            table.row(
                key.name(),
                key.defaultText().isEmpty() ? "-" : key.defaultText(),
                key.allowed(),
                key.sentence()));
    console.print(table);
    return ExitCode.OK;
  }
}
