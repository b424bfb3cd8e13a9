package io.millrace.tools.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class TerminalSafeWriterTest {

  @Test
  void controlCharacters_doNotReachTheTerminal_byAnyWay() {
    StringWriter terminal = new StringWriter();

    try (PrintWriter out = new PrintWriter(new TerminalSafeWriter(terminal))) {
      out.print("group '\u001b[2Ja\u009b'\tis\r\nmissing\n");
      out.write("-\u0007-".toCharArray(), 1, 1);
      out.write('\u001b');
    }

    assertThat(terminal.toString()).isEqualTo("group '?[2Ja?'\tis\r\nmissing\n??");
  }
}
