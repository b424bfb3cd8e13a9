package io.millrace.client;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The walls of the client. */
@AnalyzeClasses(
    packages = "io.millrace.client",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  /**
   * Users of the library get no Netty in their faces; only a connection's records carry its
   * buffers, out of sight.
   */
  @ArchTest
  static final ArchRule nettyStaysBelow =
      noClasses().should().dependOnClassesThat().resideInAPackage("io.netty..");

  @ArchTest
  static final ArchRule noOtherModule =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.millrace.server..",
              "io.millrace.log..",
              "io.millrace.replication..",
              "io.millrace.metadata..",
              "org.apache.kafka..");

  /**
   * The root package is the face of all of them and therefore above and below; among themselves
   * there are no cycles.
   */
  @ArchTest
  static final ArchRule noCyclesAmongTheInsides =
      slices().matching("io.millrace.client.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule oneClock =
      noClasses()
          .should()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(Thread.class, "sleep", long.class);

  @ArchTest
  static final ArchRule noThreadsOfOurOwn =
      noClasses()
          .should()
          .callConstructor(Thread.class, Runnable.class, String.class)
          .orShould()
          .callConstructor(Thread.class, Runnable.class);

  @ArchTest
  static final ArchRule onlyTheNetworkPackageConnects =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.millrace.client.network..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.millrace.protocol.network..");
}
