package dev.rollcall.spi;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.support.BrokenClassPath;
import java.io.IOException;
import java.util.ServiceConfigurationError;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class BrokenClassPathTest {
  private static final String GUAVA = ImmutableList.class.getName();

  private static String said(Throwable thrown) {
    RegistryException failure = BrokenClassPath.in(thrown).orElseThrow();
    assertThat(failure.kind()).isEqualTo(RegistryException.Kind.INVALID);
    assertThat(failure).hasCause(thrown);
    return failure.getMessage();
  }

  @Test
  void missingMember_saysWhoseAndWhoAsked() {
    String said = said(new NoSuchMethodError("'void " + GUAVA + ".nope(java.lang.String)'"));
    assertThat(said)
        .contains(GUAVA + " is from /", "/guava-33.")
        .containsPattern("\\(version 33\\.[0-9.]+-jre\\)")
        .contains("asked for by " + BrokenClassPathTest.class.getName())
        .contains("have both in versions that fit");
  }

  @Test
  void missingClass_saysWhoAsked() {
    assertThat(said(new NoClassDefFoundError("no/such/Thing")))
        .contains("NoClassDefFoundError: no.such.Thing; asked for by " + getClass().getName())
        .contains("add the jar that has it");
  }

  @Test
  void otherMessages_areReadForTheClassTheyAreAbout() {
    assertThat(said(new IncompatibleClassChangeError("Found interface " + GUAVA + ", but class")))
        .contains(GUAVA + " is from /", "/guava-33.");
    assertThat(said(new NoSuchFieldError("NOPE"))).contains("NoSuchFieldError: NOPE; asked for by");
    assertThat(said(new UnsupportedClassVersionError(GUAVA.replace('.', '/') + " has been …")))
        .contains("newer Java than " + Runtime.version());
    assertThat(said(new ExceptionInInitializerError(new IllegalStateException("why"))))
        .contains("could not be initialised: java.lang.IllegalStateException: why");
    assertThat(said(new VerifyError(null))).contains("VerifyError: null");
  }

  @Test
  void lostServiceFile_isOneToo() {
    assertThat(said(new IllegalStateException("no x in META-INF/services/y")))
        .contains("merge META-INF/services");
    assertThat(said(new ServiceConfigurationError("y: Provider z not found")))
        .contains("merge META-INF/services");
  }

  @Test
  void causes_areLookedThrough() {
    LinkageError deep = new NoClassDefFoundError("no/such/Thing");
    assertThat(said(new CompletionException(new IOException("x", deep)))).contains("no.such.Thing");
    RegistryException told = BrokenClassPath.in(deep).orElseThrow();
    assertThat(BrokenClassPath.in(new CompletionException(told))).containsSame(told);
  }

  @Test
  void otherFailures_areNone() {
    assertThat(BrokenClassPath.in(null)).isEmpty();
    assertThat(BrokenClassPath.in(new IOException("x", new IllegalStateException()))).isEmpty();
    assertThat(BrokenClassPath.in(new StackOverflowError())).isEmpty();
    assertThat(BrokenClassPath.isCauseOf(RegistryException.unavailable("x", null))).isFalse();
  }
}
