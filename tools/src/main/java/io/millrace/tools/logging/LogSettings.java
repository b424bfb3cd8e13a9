package io.millrace.tools.logging;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How this process logs. {@link #apply} must run before anything asks for a logger; the settings
 * travel to {@link LogbackSetup} as system properties since logback finds that class by itself.
 *
 * @param level least level of Millrace's own loggers: TRACE, DEBUG, INFO, WARN or ERROR
 * @param file where to; null for standard error. A file rolls at 64 MB and ten are kept
 */
public record LogSettings(String level, @Nullable Path file) {

  static final String LEVEL_PROPERTY = "millrace.log.level";
  static final String FILE_PROPERTY = "millrace.log.file";

  private static final Set<String> LEVELS = Set.of("TRACE", "DEBUG", "INFO", "WARN", "ERROR");

  public LogSettings {
    level = level.toUpperCase(Locale.ROOT);
    if (!LEVELS.contains(level)) {
      throw new IllegalArgumentException(
          "log level '" + level + "' is none of TRACE, DEBUG, INFO, WARN, ERROR");
    }
  }

  /** A node's logging: every state change, on standard error. */
  public static LogSettings node(String level, @Nullable Path file) {
    return new LogSettings(level, file);
  }

  /**
   * A command's logging: only what went wrong, so that standard output and error stay the command's
   * own.
   */
  public static LogSettings command() {
    return new LogSettings("ERROR", null);
  }

  /** Makes these the process's settings. */
  public void apply() {
    System.setProperty(LEVEL_PROPERTY, level);
    // gRPC inside Ratis writes to java.util.logging, which would print beside our log.
    java.util.logging.LogManager.getLogManager().reset();
    if (file != null) {
      System.setProperty(FILE_PROPERTY, file.toString());
    }
  }
}
