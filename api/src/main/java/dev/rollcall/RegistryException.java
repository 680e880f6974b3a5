package dev.rollcall;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * The one failure of Rollcall, in four kinds by what a caller can do about it. Messages carry the
 * store's own words, never a token or password.
 *
 * @since 0.1.0
 */
public class RegistryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What a caller can do about a failure. */
  public enum Kind {
    /** The store did not answer, or cannot serve just now: worth a retry. */
    UNAVAILABLE,
    /** The store refuses this caller: a token, a permission or a certificate must change. */
    DENIED,
    /**
     * The input breaks a rule, and nothing was changed or sent; or the class path does not fit: a
     * class or a member is missing, the cause is a {@link LinkageError}, and the store may have
     * been reached. The same call will fail again.
     */
    INVALID,
    /** Somebody else holds what was asked for. */
    CONFLICT
  }

  /** What a caller can do. */
  private final Kind kind;

  /**
   * Creates a failure.
   *
   * @param kind what a caller can do about it
   * @param message what happened, with the service, the instance and the store where they are known
   * @param cause what it came from, or null
   */
  public RegistryException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = requireNonNull(kind, "kind");
  }

  /**
   * Returns what a caller can do about this failure.
   *
   * @return the kind
   */
  public Kind kind() {
    return kind;
  }

  /**
   * The store did not answer, or cannot serve just now.
   *
   * @param message what happened
   * @param cause what it came from, or null
   * @return the failure
   */
  public static RegistryException unavailable(String message, @Nullable Throwable cause) {
    return new RegistryException(Kind.UNAVAILABLE, message, cause);
  }

  /**
   * The store refuses this caller.
   *
   * @param message what happened
   * @param cause what it came from, or null
   * @return the failure
   */
  public static RegistryException denied(String message, @Nullable Throwable cause) {
    return new RegistryException(Kind.DENIED, message, cause);
  }

  /**
   * The input breaks a rule.
   *
   * @param message the field, its value and the rule: {@code "port: 0 (expected: 1-65535)"}
   * @return the failure
   */
  public static RegistryException invalid(String message) {
    return new RegistryException(Kind.INVALID, message, null);
  }

  /**
   * Somebody else holds what was asked for.
   *
   * @param message what happened
   * @return the failure
   */
  public static RegistryException conflict(String message) {
    return new RegistryException(Kind.CONFLICT, message, null);
  }
}
