package io.millrace.replication;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The walls around and inside the replication module. */
@AnalyzeClasses(
    packages = "io.millrace.replication",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule PACKAGES_HAVE_NO_CYCLES =
      slices().matching("io.millrace.(replication..)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule OF_THE_METADATA_ONLY_THE_IMAGE_IS_SEEN =
      noClasses()
          .should()
          .dependOnClassesThat(
              JavaClass.Predicates.resideInAPackage("io.millrace.metadata..")
                  .and(JavaClass.Predicates.resideOutsideOfPackage("io.millrace.metadata.image")));

  @ArchTest
  static final ArchRule OF_THE_LOG_ONLY_THE_FACE_IS_SEEN =
      noClasses().should().dependOnClassesThat().resideInAPackage("io.millrace.log.*..");

  @ArchTest
  static final ArchRule NO_NETWORK_HERE =
      noClasses().should().dependOnClassesThat().resideInAPackage("io.netty..");

  @ArchTest
  static final ArchRule TIME_AND_THREADS_ARE_HANDED_IN =
      noClasses()
          .should()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(Thread.class)
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.util.concurrent.Executors");
}
