package dev.rollcall.server.access;

import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.util.AttributeKey;
import java.util.List;

/**
 * A caller, and what it may do. Immutable; holds no secret.
 *
 * @param name how the operator calls it
 * @param reads whether it may read everything
 * @param registers the beginnings of the names of services that it may register and deregister
 * @param admin whether it may do everything
 * @since 0.1.0
 */
public record Principal(String name, boolean reads, List<String> registers, boolean admin) {
  /** The caller of a request without a principal: it may do nothing. */
  static final Principal NOBODY = new Principal("nobody", false, List.of(), false);

  /** The caller of a centre without tokens, which listens on loopback alone. */
  static final Principal LOCAL = new Principal("local", true, List.of(), true);

  private static final AttributeKey<Principal> KEY = AttributeKey.valueOf(Principal.class, "KEY");

  /**
   * Copies the list.
   *
   * @param name as the record says
   * @param reads as the record says
   * @param registers as the record says
   * @param admin as the record says
   */
  public Principal {
    registers = List.copyOf(registers);
  }

  /**
   * Returns the sender of a request.
   *
   * @param request the request
   * @return the principal; one that may do nothing where the {@link AccessControl} was not asked
   */
  public static Principal of(ServiceRequestContext request) {
    Principal principal = request.attr(KEY);
    return principal == null ? NOBODY : principal;
  }

  /**
   * Tells whether this principal may register and deregister instances of a service.
   *
   * @param service the service's name
   * @return whether it may
   */
  public boolean mayRegister(String service) {
    return admin || registers.stream().anyMatch(service::startsWith);
  }

  void attachTo(ServiceRequestContext request) {
    request.setAttr(KEY, this);
  }

  boolean may(RequiredRole need) {
    return switch (need) {
      case NOTHING -> true;
      case READ -> admin || reads;
      case REGISTER -> admin || !registers.isEmpty();
      case ADMIN -> admin;
    };
  }

  @Override
  public String toString() {
    return name;
  }
}
