package io.millrace.tools;

/** What a script can learn from how a command ended. */
public final class ExitCode {

  /** Done. */
  public static final int OK = 0;

  /** The cluster, or the machine, refused; the message says why. */
  public static final int FAILED = 1;

  /** The command line is wrong; nothing was tried. */
  public static final int USAGE = 2;

  /** No broker answered at the given addresses. */
  public static final int UNREACHABLE = 3;

  /** {@code node status} found no running node, {@code cluster status} an unhealthy cluster. */
  public static final int NOT_HEALTHY = 4;

  private ExitCode() {}
}
