package io.millrace.tools.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class LogbackSetupTest {

  private static String layout(String message, @Nullable Throwable thrown, Object... arguments) {
    LoggerContext context = new LoggerContext();
    PatternLayout layout = new PatternLayout();
    layout.setContext(context);
    layout.setPattern(LogbackSetup.PATTERN);
    layout.start();
    return layout.doLayout(
        new LoggingEvent(
            "test", context.getLogger("test"), Level.INFO, message, thrown, arguments));
  }

  @Test
  void controlCharactersOfAClient_makeNoLineOfTheirOwn() {
    String line =
        layout(
            "group changes group={} from=Empty",
            null,
            "a\nERROR \u001b[31mforged\r\u0085\u2028\u202e");

    assertThat(line).endsWith("group changes group=a?ERROR ?[31mforged???? from=Empty\n");
    assertThat(line.lines()).hasSize(1);
  }

  @Test
  void exceptionThatQuotesAClient_makesNoLineOfItsOwn_butItsTrace() {
    Throwable thrown =
        new IllegalStateException(
            "group a\n2026-01-01 ERROR forged\u001b[31m", new IllegalArgumentException("b\nc"));

    List<String> lines = layout("it failed", thrown).lines().toList();

    assertThat(lines.get(1))
        .isEqualTo("java.lang.IllegalStateException: group a?2026-01-01 ERROR forged?[31m");
    assertThat(lines).contains("Caused by: java.lang.IllegalArgumentException: b?c");
    assertThat(lines.subList(2, lines.size()))
        .isNotEmpty()
        .allMatch(line -> line.startsWith("\t") || line.startsWith("Caused by: "));
    assertThat(lines).filteredOn(line -> line.contains("forged")).hasSize(1);
  }
}
