package dev.rollcall.cli;

import picocli.CommandLine.Command;

/** {@code rollcall watch}. */
@Command(
    name = "watch",
    description = {
      "Prints what changes, the present state first, or runs a command or calls a URL with it.",
      "Goes on until it is ended; an outage of the store is shown and waited for."
    },
    synopsisSubcommandLabel = "WHAT",
    subcommands = {
      WatchServicesCommand.class,
      WatchServiceCommand.class,
      WatchKeyCommand.class,
      WatchPrefixCommand.class,
      WatchNodesCommand.class,
      WatchChecksCommand.class,
      WatchEventCommand.class
    })
final class WatchCommand {}
