package dev.rollcall.cli;

import picocli.CommandLine.Command;

/** {@code rollcall kv}. */
@Command(
    name = "kv",
    description = "Reads and writes keys and values, below the path of the store's URI.",
    synopsisSubcommandLabel = "VERB",
    subcommands = {
      KvGetCommand.class,
      KvPutCommand.class,
      KvDeleteCommand.class,
      KvListCommand.class
    })
final class KvCommand {}
