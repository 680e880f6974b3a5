package dev.rollcall.testkit.artifact;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.net.JarURLConnection;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.CodeSource;
import java.security.ProtectionDomain;
import java.security.cert.Certificate;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The class path of this test as an application may have it by mistake: without some of its
 * classes, or with another version of one, in which a member has another name. It shares nothing
 * with the test but the JDK, so a program in it is given and returns strings. Not thread-safe while
 * it is set up.
 *
 * <pre>{@code
 * try (WrongClassPath wrong = new WrongClassPath().without(path -> path.startsWith("io/vertx/"))) {
 *   String said = wrong.run(FirstCalls.class, "registry", "etcd://127.0.0.1:1");
 * }
 * }</pre>
 *
 * @since 0.1.0
 */
public final class WrongClassPath extends URLClassLoader {
  private Predicate<String> missing = path -> false;
  private final Map<String, String> renamed = new HashMap<>();

  /** Creates a class path that is as this test's. */
  public WrongClassPath() {
    super(urls(), ClassLoader.getPlatformClassLoader());
  }

  private static URL[] urls() {
    return Stream.of(System.getProperty("java.class.path").split(":", -1))
        .map(
            entry -> {
              try {
                return Path.of(entry).toUri().toURL();
              } catch (MalformedURLException impossible) {
                throw new UncheckedIOException(impossible);
              }
            })
        .toArray(URL[]::new);
  }

  /**
   * Leaves out classes and resources.
   *
   * @param paths tells by the path in a jar, such as {@code io/vertx/core/Vertx.class}
   * @return this
   */
  public WrongClassPath without(Predicate<String> paths) {
    missing = missing.or(paths);
    return this;
  }

  /**
   * Gives a member of a class another name, in that class alone.
   *
   * @param className the binary name of a class in a jar
   * @param member the name of a field or a method of it, in ASCII
   * @return this
   */
  public WrongClassPath renaming(String className, String member) {
    renamed.put(className, member);
    return this;
  }

  /**
   * Runs a static method that takes and returns a string, with this as the context class loader.
   * Blocks until it returns.
   *
   * @param program a public class, loaded anew on this class path
   * @param method the method's name
   * @param argument what the method is given
   * @return what the method returns
   * @throws AssertionError where the method throws
   * @throws Exception where the class or the method is not there
   */
  public String run(Class<?> program, String method, String argument) throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(this);
    try {
      return (String)
          loadClass(program.getName())
              .getDeclaredMethod(method, String.class)
              .invoke(null, argument);
    } catch (InvocationTargetException thrown) {
      throw new AssertionError("thrown by " + method, thrown.getCause());
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    String path = name.replace('.', '/') + ".class";
    if (missing.test(path)) {
      throw new ClassNotFoundException(name);
    }
    String member = renamed.get(name);
    URL found = findResource(path);
    if (member == null || found == null) {
      return super.findClass(name);
    }
    try {
      JarURLConnection jar = (JarURLConnection) found.openConnection();
      jar.setUseCaches(false);
      byte[] bytes = jar.getInputStream().readAllBytes();
      rename(bytes, member);
      URL source = jar.getJarFileURL();
      String inside = name.substring(0, name.lastIndexOf('.'));
      if (getDefinedPackage(inside) == null) {
        definePackage(inside, jar.getManifest(), source);
      }
      return defineClass(
          name,
          bytes,
          0,
          bytes.length,
          new ProtectionDomain(new CodeSource(source, (Certificate[]) null), null));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** Changes the last letter of a constant that is the member's name. */
  private static void rename(byte[] bytes, String member) {
    byte[] name = member.getBytes(StandardCharsets.US_ASCII);
    byte[] constant = new byte[name.length + 3];
    constant[0] = 1;
    constant[2] = (byte) name.length;
    System.arraycopy(name, 0, constant, 3, name.length);
    for (int at = 0; at + constant.length <= bytes.length; at++) {
      if (startsWith(bytes, at, constant)) {
        bytes[at + constant.length - 1] = '_';
        return;
      }
    }
    throw new IllegalArgumentException(member + " (expected: a member of the class)");
  }

  private static boolean startsWith(byte[] bytes, int at, byte[] wanted) {
    for (int i = 0; i < wanted.length; i++) {
      if (bytes[at + i] != wanted[i]) {
        return false;
      }
    }
    return true;
  }

  @Override
  public @Nullable URL findResource(String name) {
    return missing.test(name) ? null : super.findResource(name);
  }

  @Override
  public Enumeration<URL> findResources(String name) throws IOException {
    return missing.test(name) ? Collections.emptyEnumeration() : super.findResources(name);
  }
}
