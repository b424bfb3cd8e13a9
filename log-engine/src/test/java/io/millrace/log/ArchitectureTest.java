package io.millrace.log;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.millrace.log", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

  @ArchTest
  static final ArchRule noPackageCycles =
      slices().matching("io.millrace.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule nettyOnlyInTheTail =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.millrace.log.tail")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.netty..");

  @ArchTest
  static final ArchRule theTailUsesBuffersOnly =
      noClasses()
          .that()
          .resideInAPackage("io.millrace.log.tail")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.netty.channel..", "io.netty.handler..", "io.netty.bootstrap..");

  @ArchTest
  static final ArchRule filesOnlyInStorage =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.millrace.log.storage")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.nio.channels..", "java.nio.file..");

  @ArchTest
  static final ArchRule nobodyReadsTheSystemClock =
      noClasses()
          .should()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(System.class, "nanoTime");

  @ArchTest
  static final ArchRule nobodyStartsThreads =
      noClasses()
          .should()
          .dependOnClassesThat()
          .areAssignableTo(Thread.class)
          .orShould()
          .dependOnClassesThat()
          .haveSimpleNameStartingWith("Executors");

  @ArchTest
  static final ArchRule nothingOfReplicasOrTheQuorum =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.millrace.replication..",
              "io.millrace.metadata..",
              "io.millrace.server..",
              "org.apache.ratis..");
}
