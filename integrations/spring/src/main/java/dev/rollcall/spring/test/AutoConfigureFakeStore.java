package dev.rollcall.spring.test;

import dev.rollcall.junit.FakeStore;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.test.context.TestPropertySource;

/**
 * On the class of a test: its context has a {@link FakeStore} as a bean, and the registry on it in
 * place of the one that {@code rollcall.uri} names. The test says by the bean what is in the store,
 * and whether it answers.
 *
 * <p>With {@code @SpringBootTest}, the application registers itself there. With another slice, as
 * {@code @RestClientTest}, or with {@code @ContextConfiguration} alone, it brings the discovery
 * clients and the load balancer, and nothing is registered. Needs {@code rollcall-junit} among the
 * dependencies of the tests.
 *
 * <p>The store lives as long as the context, which Spring keeps for all tests with the same one.
 * {@code spring.config.import=rollcall:} finds no keys.
 *
 * @since 0.1.0
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ImportAutoConfiguration
@TestPropertySource(
    properties = {
      "rollcall.uri=memory:",
      "rollcall.config.uri=memory:",
      "rollcall.registration.drain=0s"
    })
public @interface AutoConfigureFakeStore {}
