package io.millrace.tools;

import io.millrace.tools.output.Json;
import io.millrace.tools.output.Table;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Where a command prints, and whether for a person or for a script. */
final class Console {

  @Spec(Target.MIXEE)
  private CommandSpec command;

  @Option(names = "--json", description = "Prints JSON, one value a line.")
  private boolean json;

  boolean json() {
    return json;
  }

  PrintWriter out() {
    return command.commandLine().getOut();
  }

  PrintWriter err() {
    return command.commandLine().getErr();
  }

  /** Prints a value as one line of JSON. */
  void printJson(@Nullable Object value) {
    Json.print(out(), value);
    out().flush();
  }

  /**
   * Prints a line for a person, without control characters; a script that asked for JSON does not
   * see it.
   */
  void say(String line) {
    if (!json) {
      out().println(Table.printable(line));
      out().flush();
    }
  }

  void print(Table table) {
    table.print(out());
    out().flush();
  }
}
