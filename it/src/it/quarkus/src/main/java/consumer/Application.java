package consumer;

import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.vertx.core.Vertx;
import jakarta.inject.Inject;

/** The application has a Vert.x of its own, in a version that is not Rollcall's. */
@QuarkusMain
public class Application implements QuarkusApplication {
  @Inject Vertx vertx;

  @Override
  public int run(String... args) {
    vertx.sharedData();
    return Program.run(args) ? 0 : 1;
  }
}
