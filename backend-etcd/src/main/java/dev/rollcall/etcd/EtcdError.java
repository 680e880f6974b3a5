package dev.rollcall.etcd;

import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.spi.support.BrokenClassPath;
import dev.rollcall.spi.support.Futures;
import io.etcd.jetcd.common.exception.CompactedException;
import io.etcd.jetcd.common.exception.EtcdException;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.security.cert.CertificateException;
import java.util.EnumSet;
import java.util.Set;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * What a failure of jetcd says. Unary calls fail with gRPC's exceptions, streams with jetcd's own,
 * and what a login failed of lies in the cause of the call that needed it.
 *
 * @param code gRPC's word for it
 * @param words the store's own words
 * @param kind what a caller can do about it
 * @param silent whether the store was not heard at all, so that the connection is in doubt
 * @param compacted whether the revision that was asked for is gone
 * @param cause where it came from
 */
record EtcdError(
    Status.Code code, String words, Kind kind, boolean silent, boolean compacted, Throwable cause) {
  private static final String SERVER = "etcdserver";

  /** Of these, INTERNAL is an answer that is no gRPC: something other than the store answers. */
  private static final Set<Status.Code> SILENCE =
      EnumSet.of(
          Status.Code.UNAVAILABLE,
          Status.Code.DEADLINE_EXCEEDED,
          Status.Code.CANCELLED,
          Status.Code.INTERNAL);

  /** The silence of a connection that is broken, where the others may be the store's slowness. */
  private static final Set<Status.Code> BROKEN =
      EnumSet.of(Status.Code.UNAVAILABLE, Status.Code.INTERNAL);

  static EtcdError of(Throwable failure) {
    Throwable cause = Futures.cause(failure);
    RegistryException broken = BrokenClassPath.in(cause).orElse(null);
    if (broken != null) {
      return new EtcdError(
          Status.Code.UNKNOWN,
          String.valueOf(broken.getMessage()),
          broken.kind(),
          false,
          false,
          failure);
    }
    Status.Code code = code(cause);
    String words = words(cause);
    if (code == Status.Code.UNAUTHENTICATED && cause.getCause() != null) {
      Throwable login = cause.getCause();
      code = code(login) == Status.Code.UNKNOWN ? code : code(login);
      words = "login: " + words(login);
      if (code == Status.Code.INVALID_ARGUMENT || code == Status.Code.FAILED_PRECONDITION) {
        code = Status.Code.UNAUTHENTICATED;
      }
    }
    Throwable handshake = handshake(cause);
    if (handshake != null) {
      return new EtcdError(
          code, "TLS: " + handshake.getMessage(), Kind.DENIED, true, false, failure);
    }
    boolean told = words.contains(SERVER);
    boolean silent = !told && SILENCE.contains(code);
    return new EtcdError(code, words, kind(code, words), silent, compacted(cause, words), failure);
  }

  boolean isBrokenConnection() {
    return silent && BROKEN.contains(code);
  }

  /**
   * Tells whether the answer was larger than a message may be; the store did its part. A rate limit
   * has the same code, so gRPC's words decide: those of Java, and those of Go, where a proxy is in
   * between.
   */
  boolean isTooLarge() {
    return code == Status.Code.RESOURCE_EXHAUSTED
        && (words.contains("message exceeds maximum size")
            || words.contains("message larger than max"));
  }

  /** Tells whether a watch that ended so cannot be resumed: the range has to be listed again. */
  boolean requiresList() {
    return compacted || !silent || words.contains("no leader");
  }

  boolean isMissingLease() {
    return words.contains("requested lease not found");
  }

  RegistryException exception(String what) {
    return new RegistryException(kind, what + ": " + words, cause);
  }

  private static Kind kind(Status.Code code, String words) {
    return switch (code) {
      case PERMISSION_DENIED, UNAUTHENTICATED -> Kind.DENIED;
      case INVALID_ARGUMENT ->
          words.contains("user") || words.contains("auth") ? Kind.DENIED : Kind.INVALID;
      // A watch that was refused comes back as cancelled or as a failed precondition.
      default ->
          words.contains("permission denied") || words.contains("invalid auth token")
              ? Kind.DENIED
              : Kind.UNAVAILABLE;
    };
  }

  private static boolean compacted(Throwable cause, String words) {
    return cause instanceof CompactedException || words.contains("compacted");
  }

  private static Status.Code code(Throwable cause) {
    if (cause instanceof EtcdException known) {
      for (Status.Code code : Status.Code.values()) {
        if (code.name().equals(known.getErrorCode().name())) {
          return code;
        }
      }
    }
    return Status.fromThrowable(cause).getCode();
  }

  private static String words(Throwable cause) {
    Status status =
        cause instanceof StatusRuntimeException unchecked
            ? unchecked.getStatus()
            : cause instanceof StatusException checked ? checked.getStatus() : null;
    String said = status == null ? cause.getMessage() : status.getDescription();
    String words = said == null || said.isEmpty() ? code(cause).name() : said;
    Throwable deeper = cause.getCause();
    // "io exception" says little; what lies under it says "Connection refused".
    if (status != null && status.getCause() != null) {
      deeper = status.getCause();
    }
    if (words.equals("io exception") && deeper != null && deeper.getMessage() != null) {
      return deeper.getMessage();
    }
    return words;
  }

  private static @Nullable Throwable handshake(Throwable failure) {
    int depth = 0;
    for (Throwable cause = failure; cause != null && depth < 16; cause = cause.getCause()) {
      if (cause instanceof SSLException || cause instanceof CertificateException) {
        return cause;
      }
      depth++;
    }
    return null;
  }
}
