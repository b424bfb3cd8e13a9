package io.millrace.protocol.generator;

/** Java text under construction, indented by its braces. */
final class Source {

  private final StringBuilder text = new StringBuilder(16_384);
  private int depth;

  /**
   * Appends one line; a leading closing brace goes a step out, a trailing opening one a step in.
   */
  Source line(String line) {
    if (line.startsWith("}")) {
      depth--;
    }
    text.append("  ".repeat(line.isEmpty() ? 0 : depth)).append(line).append('\n');
    if (line.endsWith("{")) {
      depth++;
    }
    return this;
  }

  /**
   * Opens a block under a condition, or nothing when it always holds. Returns whether {@link #end}
   * must close it.
   */
  boolean when(String condition) {
    if (condition.equals("true")) {
      return false;
    }
    line("if (" + condition + ") {");
    return true;
  }

  void end(boolean opened) {
    if (opened) {
      line("}");
    }
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
