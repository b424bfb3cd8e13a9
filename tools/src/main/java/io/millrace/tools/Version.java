package io.millrace.tools;

import picocli.CommandLine.IVersionProvider;

/** The version that the build wrote into our jar. */
final class Version implements IVersionProvider {

  @Override
  public String[] getVersion() {
    String version = Version.class.getPackage().getImplementationVersion();
    return new String[] {
      "millrace "
          + (version == null ? "(unpackaged build)" : version)
          + ", Java "
          + Runtime.version()
    };
  }
}
