package io.millrace.metadata;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The walls inside the module. */
@AnalyzeClasses(
    packages = "io.millrace.metadata",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule ratisStaysInTheQuorum =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.millrace.metadata.quorum..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.ratis..");

  @ArchTest
  static final ArchRule nettyStaysInTheNetwork =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.millrace.metadata.network..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.netty..");

  @ArchTest
  static final ArchRule theStoreKnowsNeitherTimeNorChance =
      noClasses()
          .that()
          .resideInAPackage("io.millrace.metadata.kv..")
          .should()
          .dependOnClassesThat()
          .haveNameMatching(
              "java\\.util\\.(concurrent\\.ThreadLocal)?Random|java\\.security\\.SecureRandom|java\\.time\\..*")
          .orShould()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(System.class, "currentTimeMillis");

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching("io.millrace.metadata.(*)..").should().beFreeOfCycles();
}
