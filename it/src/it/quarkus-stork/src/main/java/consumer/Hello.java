package consumer;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import org.eclipse.microprofile.rest.client.inject.RegisterRestClient;

/** A client whose server Stork selects. */
@RegisterRestClient(baseUri = "stork://hello")
@Path("/hello")
public interface Hello {
  @GET
  String hello();
}
