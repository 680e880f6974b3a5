package dev.rollcall.spi.support;

import dev.rollcall.RegistryException;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tells failures of the class path from failures of a store: a class or a member that is missing, a
 * class that cannot be initialised, a service file that is gone. They are of kind {@code INVALID},
 * since a class that is missing is missing at the next attempt too. The message names what is
 * missing, the jars that it concerns with their versions, and what to do.
 *
 * <p>A backend asks here before it judges a failure by other marks. Thread-safe. Needs nothing but
 * the JDK, since anything else may be what is missing.
 *
 * @since 0.1.0
 */
public final class BrokenClassPath {
  private static final String SERVICE_FILES = "META-INF/services";
  private static final int DEEPEST = 32;

  /** A class's name, with dots or slashes, perhaps with a member behind it. */
  private static final Pattern NAME = Pattern.compile("[\\p{L}_$][\\w$]*([./][\\w$-]+)+");

  private static final Pattern SLASHED = Pattern.compile("(?<=[\\w$])/(?=[\\w$])");

  private static final Pattern OWNER_OF_METHOD = Pattern.compile("([\\w$.]+)\\.[^\\s.()]+\\(");

  private static final String ALIGN =
      "have both in versions that fit each other: \"mvn dependency:tree\" or \"gradle dependencies\""
          + " shows who chose them; rollcall-bom keeps Rollcall's own jars in one version";

  private static final String ADD =
      "add the jar that has it, in a version that has it: \"mvn dependency:tree\" or \"gradle"
          + " dependencies\" shows what was excluded or replaced; rollcall-bom keeps Rollcall's own"
          + " jars in one version; a jar made of many must have lost none of their classes";

  private BrokenClassPath() {}

  /**
   * Says what a failure of the class path means.
   *
   * @param thrown a failure, with its causes
   * @return the failure of kind {@code INVALID} to tell of in its place; empty where it does not
   *     come from the class path
   */
  public static Optional<RegistryException> in(@Nullable Throwable thrown) {
    Throwable told = thrown;
    for (int depth = 0; told != null && depth < DEEPEST; depth++) {
      if (told instanceof RegistryException known
          && known.kind() == RegistryException.Kind.INVALID
          && find(known) != null) {
        return Optional.of(known);
      }
      told = told.getCause();
    }
    Throwable found = find(thrown);
    return found == null
        ? Optional.empty()
        : Optional.of(
            new RegistryException(
                RegistryException.Kind.INVALID,
                "the class path does not fit: " + describe(found),
                thrown));
  }

  /**
   * Returns whether a failure, or one of its causes, comes from the class path.
   *
   * @param thrown a failure
   * @return whether {@link #in} has something to say of it
   */
  public static boolean isCauseOf(@Nullable Throwable thrown) {
    return find(thrown) != null;
  }

  /** Returns the deepest cause that is one: it says most. */
  private static @Nullable Throwable find(@Nullable Throwable thrown) {
    Throwable found = null;
    Throwable cause = thrown;
    for (int depth = 0; cause != null && depth < DEEPEST; depth++) {
      if (cause instanceof LinkageError
          || cause instanceof ServiceConfigurationError
          || (!(cause instanceof RegistryException)
              && String.valueOf(cause.getMessage()).contains(SERVICE_FILES))) {
        found = cause;
      }
      cause = cause.getCause();
    }
    return found;
  }

  /** Says what is missing, where it belongs, and what to do. */
  static String describe(Throwable found) {
    String what = found.getClass().getSimpleName() + ": " + words(found);
    try {
      String who = places(found);
      return what + (who.isEmpty() ? "" : "; " + who) + "; to do: " + remedy(found);
    } catch (LinkageError | RuntimeException worse) {
      return what + "; to do: " + ADD; // what would say more is missing too
    }
  }

  private static String words(Throwable found) {
    String said = found.getMessage();
    if (found instanceof ExceptionInInitializerError && found.getCause() != null) {
      said = initialised(found) + "could not be initialised: " + found.getCause();
    }
    String line = String.valueOf(said).replaceAll("\\s+", " ").strip();
    if (isMissing(found)) {
      line = SLASHED.matcher(line).replaceAll(".");
    }
    return line.length() > 400 ? line.substring(0, 400) + "…" : line;
  }

  /** The class whose static initialiser has thrown. */
  private static String initialised(Throwable found) {
    Throwable cause = found.getCause();
    for (StackTraceElement frame :
        cause == null ? new StackTraceElement[0] : cause.getStackTrace()) {
      if (frame.getMethodName().equals("<clinit>")) {
        return frame.getClassName() + " ";
      }
    }
    return "";
  }

  /** Which jars have the class in question and the one that refers to it. */
  private static String places(Throwable found) {
    Class<?> about = subject(found);
    Class<?> by = referrer(found);
    StringBuilder out = new StringBuilder();
    if (about != null) {
      out.append(about.getName()).append(" is from ").append(ClassOrigin.of(about));
    }
    if (by != null && by != about) {
      out.append(out.length() == 0 ? "" : "; ")
          .append("asked for by ")
          .append(by.getName())
          .append(" from ")
          .append(ClassOrigin.of(by));
    }
    return out.toString();
  }

  /** The class that a message is about, where there is one. */
  private static @Nullable Class<?> subject(Throwable found) {
    String said = String.valueOf(found.getMessage());
    Matcher method = OWNER_OF_METHOD.matcher(said);
    if (found instanceof NoSuchMethodError && method.find()) {
      return ClassOrigin.find(method.group(1));
    }
    Matcher names = NAME.matcher(said);
    while (names.find()) {
      String name = names.group().replace('/', '.');
      Class<?> named = ClassOrigin.find(name);
      int member = name.lastIndexOf('.');
      if (named == null && member > 0) {
        named = ClassOrigin.find(name.substring(0, member));
      }
      if (named != null && !ClassOrigin.isOfTheJdk(named)) {
        return named;
      }
    }
    return null;
  }

  /** The class whose code could not be linked: where the error was thrown, but for the JDK. */
  private static @Nullable Class<?> referrer(Throwable found) {
    for (StackTraceElement frame : found.getStackTrace()) {
      Class<?> at = ClassOrigin.find(frame.getClassName());
      if (at != null && !ClassOrigin.isOfTheJdk(at)) {
        return at;
      }
    }
    return null;
  }

  private static String remedy(Throwable found) {
    if (found instanceof UnsupportedClassVersionError) {
      return "run it on a newer Java than "
          + Runtime.version()
          + ", or take a jar made for this one";
    }
    if (String.valueOf(found.getMessage()).endsWith("not a subtype")) {
      return "the backend sees another copy of rollcall-api: have one, loaded by one loader";
    }
    if (!(found instanceof LinkageError)) {
      return "have each jar whole and in one version with the others; " + BackendProviders.MERGE;
    }
    if (isMissing(found)) {
      return ADD;
    }
    boolean initialising =
        found instanceof ExceptionInInitializerError || found instanceof NoClassDefFoundError;
    return initialising
        ? "look in the log for the first failure of this class, and mend what it says"
        : ALIGN;
  }

  /** Whether a class cannot be found, rather than not be initialised. */
  private static boolean isMissing(Throwable found) {
    String said = String.valueOf(found.getMessage());
    // The JVM keeps the first failure of an initialiser as words alone.
    return found instanceof NoClassDefFoundError
        ? !said.startsWith("Could not initialize class")
        : found instanceof ExceptionInInitializerError
            && said.contains(NoClassDefFoundError.class.getName());
  }
}
