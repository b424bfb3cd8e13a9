package io.millrace.tools.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.LoggingEvent;
import org.junit.jupiter.api.Test;

final class LogbackSetupTest {

  @Test
  void controlCharactersOfAClient_makeNoLineOfTheirOwn() {
    LoggerContext context = new LoggerContext();
    PatternLayout layout = new PatternLayout();
    layout.setContext(context);
    layout.setPattern(LogbackSetup.PATTERN);
    layout.start();

    String line =
        layout.doLayout(
            new LoggingEvent(
                "test",
                context.getLogger("test"),
                Level.INFO,
                "group changes group={} from=Empty",
                null,
                new Object[] {"a\nERROR \u001b[31mforged\r"}));

    assertThat(line).endsWith("group changes group=a?ERROR ?[31mforged? from=Empty\n");
    assertThat(line.lines()).hasSize(1);
  }
}
