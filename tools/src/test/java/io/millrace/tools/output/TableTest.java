package io.millrace.tools.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class TableTest {

  private static String printed(Table table) {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    table.print(out);
    out.flush();
    return text.toString().replace(System.lineSeparator(), "\n");
  }

  @Test
  void columnsAreAsWideAsTheirWidestCell_andNumbersStandToTheRight() {
    Table table = new Table("TOPIC", ">N").row("a", 1).row("longer", 1000);

    assertThat(printed(table)).isEqualTo("TOPIC      N\na          1\nlonger  1000\n");
  }

  @Test
  void controlCharacters_doNotReachTheTerminal() {
    assertThat(printed(new Table("T").row("a\u001b[31mred\n"))).contains("a?[31mred?");
  }

  @Test
  void rowOfAnotherWidth_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Table("A", "B").row("only one"))
        .withMessageContaining("1 cells");
  }
}
