package dev.rollcall.cli;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.BackendUri;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The fields of the instance that {@code register} registers. */
final class InstanceOptions {
  private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,9}");

  @Option(
      names = "--id",
      paramLabel = "ID",
      description = "Its id within the service; the name and a random UUID if not given.")
  private @Nullable String id;

  @Option(
      names = "--address",
      paramLabel = "HOST",
      description =
          "Where others reach it; if not given, the address by which this machine speaks to the"
              + " store.")
  private @Nullable String address;

  @Option(names = "--port", paramLabel = "PORT", required = true, description = "Its port.")
  private String port = "";

  @Option(
      names = "--scheme",
      paramLabel = "SCHEME",
      defaultValue = "http",
      description = "What the port speaks; ${DEFAULT-VALUE} if not given.")
  private String scheme = "http";

  @Option(names = "--tag", paramLabel = "TAG", description = "A tag; may be given repeatedly.")
  private List<String> tags = new ArrayList<>();

  @Option(
      names = "--meta",
      paramLabel = "KEY=VALUE",
      description = "An entry of its metadata; may be given repeatedly.")
  private Map<String, String> metadata = new LinkedHashMap<>();

  @Option(names = "--zone", paramLabel = "ZONE", defaultValue = "", description = "Its zone.")
  private String zone = "";

  @Option(
      names = "--weight",
      paramLabel = "N",
      defaultValue = "1",
      description = "Its share of requests; ${DEFAULT-VALUE} if not given.")
  private String weight = "1";

  ServiceInstance instance(String service, BackendUri store) {
    ServiceInstance.Builder to =
        ServiceInstance.builder(service)
            .address(address == null ? OwnAddress.towards(store) : address, number("--port", port))
            .scheme(scheme)
            .tags(tags)
            .metadata(metadata)
            .zone(zone)
            .weight(number("--weight", weight));
    return (id == null ? to : to.id(id)).build();
  }

  private static int number(String option, String text) {
    if (!NUMBER.matcher(text).matches()) {
      throw RegistryException.invalid(
          option + ": \"" + Cells.cut(Cells.safe(text), 40) + "\" (expected: a number)");
    }
    return Integer.parseInt(text);
  }
}
