package io.millrace.tools.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.util.FileSize;

/**
 * Sets logback up in code: no XML parser on the start path. Found by logback through {@code
 * META-INF/services}.
 *
 * <p>Ratis tells every vote and every segment at INFO; only its elections and snapshots are let
 * through.
 */
public final class LogbackSetup extends ContextAwareBase implements Configurator {

  /** Control characters, what turns the direction of writing, and Unicode's ends of lines. */
  private static final String UNPRINTABLE = "[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]";

  /** The same in a stack trace, but for its own lines, which begin with a tab or a cause. */
  private static final String UNPRINTABLE_IN_TRACE =
      "\\r(?!\\n)|\\r?\\n(?!\\t|Caused by: |\\z)|[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}&&[^\\t\\r\\n]]";

  /**
   * A message is one line whatever names clients choose: a group may be called {@code "a\nb"}, and
   * must not write a line of its own. Nor must the message of an exception that quotes it.
   */
  static final String PATTERN =
      "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level [%thread] %logger{0} - %replace(%msg){'"
          + UNPRINTABLE
          + "','?'}%n%replace(%ex){'"
          + UNPRINTABLE_IN_TRACE
          + "','?'}";

  private static final int FILES_KEPT = 10;
  private static final String FILE_SIZE_MAX = "64MB";

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(PATTERN);
    encoder.start();

    String file = System.getProperty(LogSettings.FILE_PROPERTY);
    OutputStreamAppender<ILoggingEvent> appender =
        file == null ? console() : rollingFile(context, file);
    appender.setContext(context);
    appender.setEncoder(encoder);
    appender.start();

    Level level = Level.toLevel(System.getProperty(LogSettings.LEVEL_PROPERTY), Level.INFO);
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(level.isGreaterOrEqual(Level.WARN) ? level : Level.WARN);
    root.addAppender(appender);
    context.getLogger("io.millrace").setLevel(level);
    // Ratis tells every dead peer and every closing member with a stack trace, many times a second;
    // our quorum package
    // says once what an operator needs. -Dmillrace.log.ratis=WARN lets them through.
    context
        .getLogger("org.apache.ratis")
        .setLevel(Level.toLevel(System.getProperty("millrace.log.ratis"), Level.OFF));
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  private static OutputStreamAppender<ILoggingEvent> console() {
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setTarget("System.err");
    return console;
  }

  private static OutputStreamAppender<ILoggingEvent> rollingFile(
      LoggerContext context, String file) {
    RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
    appender.setContext(context);
    appender.setFile(file);
    FixedWindowRollingPolicy window = new FixedWindowRollingPolicy();
    window.setContext(context);
    window.setParent(appender);
    window.setFileNamePattern(file + ".%i");
    window.setMinIndex(1);
    window.setMaxIndex(FILES_KEPT);
    window.start();
    SizeBasedTriggeringPolicy<ILoggingEvent> bySize = new SizeBasedTriggeringPolicy<>();
    bySize.setContext(context);
    bySize.setMaxFileSize(FileSize.valueOf(FILE_SIZE_MAX));
    bySize.start();
    appender.setRollingPolicy(window);
    appender.setTriggeringPolicy(bySize);
    return appender;
  }
}
