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
    assertThat(printed(new Table("T").row("\u202eltr \u65e5\u672c"))).contains("?ltr \u65e5\u672c");
  }

  @Test
  void cellThatIsFarTooLong_widensNoOtherRow() {
    String name = "x".repeat(10_000);

    assertThat(printed(new Table("GROUP", "N").row("a", 1).row(name, 2)))
        .isEqualTo("GROUP  N\na      1\n" + name + "  2\n");
  }

  @Test
  void rowOfAnotherWidth_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Table("A", "B").row("only one"))
        .withMessageContaining("1 cells");
  }
}
