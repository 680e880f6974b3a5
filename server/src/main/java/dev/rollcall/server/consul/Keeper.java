package dev.rollcall.server.consul;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what has changed into the {@link DataFolder}, and puts it back at the next start: what was
 * registered with the agent and with the catalog, heartbeats, and the keys of a store in memory.
 *
 * <p><b>Design.</b> The {@link Changes} say what has changed, and what that then is, is looked up
 * and written, with all else that has changed meanwhile, by one commit. So the folder holds what
 * the centre shows, at the moment of some commit; a thread that waits for a change waits for a
 * commit that began after it.
 *
 * <p><b>Thread.</b> The folder and {@code ours} belong to the thread that creates the keeper until
 * {@link #start}, and to the keeper's own thread from then on.
 */
final class Keeper implements AutoCloseable {
  /** How much a folder holds at most; a little more where it came at once. */
  static final long MOST_BYTES = 1L << 30;

  private static final Logger LOG = LoggerFactory.getLogger(Keeper.class);
  private static final String MARK = "mark";
  private static final String INDEX = "index";

  /** How many indexes are said to be given out before they are. */
  private static final long RESERVED = 100_000;

  private static final long TIDY_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long LONGEST_END_MILLIS = 10_000;

  private final DataFolder folder;
  private final Changes changes;
  private final LocalAgent agent;
  private final CatalogIndex catalog;
  private final Quota quota;
  private final @Nullable KeyValues keys; // null where they are not kept here
  private final Predicate<String> deletesKeys;
  private final Set<InstanceId> ours = new HashSet<>(); // what clients have put into the catalog
  private final Thread thread;

  private long reservedIndex; // the keeper's thread's, like the following
  private long tidiedNanos = System.nanoTime();
  private boolean failing;

  /**
   * Creates a keeper for an open folder, which it closes.
   *
   * @param keys a store's that ends with this process; null for any other
   * @param deletesKeys tells of a session whether its end deletes the keys that it holds
   */
  Keeper(
      DataFolder folder,
      Changes changes,
      LocalAgent agent,
      CatalogIndex catalog,
      Quota quota,
      @Nullable KeyValues keys,
      Predicate<String> deletesKeys) {
    this.folder = folder;
    this.changes = changes;
    this.agent = agent;
    this.catalog = catalog;
    this.quota = quota;
    this.keys = keys;
    this.deletesKeys = deletesKeys;
    thread = new Thread(this::run, "rollcall-centre-data");
    thread.setDaemon(true);
  }

  /** Returns what tells this centre's entries in a shared store, the same in all of its lives. */
  static String mark(DataFolder folder) {
    byte[] known = folder.get(DataFolder.Table.ABOUT, MARK);
    if (known != null) {
      return new String(known, StandardCharsets.UTF_8);
    }
    String mark = UUID.randomUUID().toString();
    folder.put(DataFolder.Table.ABOUT, MARK, mark.getBytes(StandardCharsets.UTF_8));
    return mark;
  }

  /** Returns an index that is higher than all that earlier processes have given out. */
  static long firstIndex(DataFolder folder, long asked) {
    byte[] reserved = folder.get(DataFolder.Table.ABOUT, INDEX);
    return reserved == null ? asked : Math.max(asked, ByteBuffer.wrap(reserved).getLong());
  }

  /**
   * Puts back what the folder holds. Before anything is served.
   *
   * @throws dev.rollcall.RegistryException where a record cannot be read
   */
  void restore() {
    folder.forEach(
        DataFolder.Table.REGISTRATIONS,
        (key, record) -> {
          InstanceId id = id(key);
          reading(
              key,
              () -> {
                Fields fields = Fields.of(Json.reread(record));
                if (fields.flag("Agent")) {
                  agent.restore(AgentEntry.read(fields, agent.self().name()));
                } else {
                  CatalogEntry entry = CatalogEntry.read(fields, id.node());
                  catalog.write(entry::apply);
                  ours.add(id);
                }
                String client = fields.text("Client");
                if (!client.isEmpty()) {
                  quota.restore(id, client);
                }
              });
        });
    long now = System.currentTimeMillis();
    folder.forEach(
        DataFolder.Table.HEARTBEATS,
        (checkId, record) ->
            reading(
                checkId,
                () -> {
                  if (!agent.restore(checkId, AgentEntry.Heartbeat.read(record), now)) {
                    changes.heartbeat(checkId); // to be forgotten
                  }
                }));
    if (keys != null) {
      List<KeyRecord> kept = new ArrayList<>();
      folder.forEach(
          DataFolder.Table.KEYS,
          (key, record) -> reading(key, () -> kept.add(KeyRecord.read(key, record))));
      keys.restore(kept);
    }
  }

  private void reading(String key, Runnable read) {
    try {
      read.run();
    } catch (RefusedException | IllegalArgumentException malformed) {
      throw folder.damaged(
          "the record of " + Fields.shown(key) + ": " + malformed.getMessage(), malformed);
    }
  }

  /** Begins to write. */
  void start() {
    reserve();
    folder.commit();
    thread.start();
  }

  private void run() {
    try {
      for (Changes.Batch batch = changes.take(); batch != null; batch = changes.take()) {
        try {
          write(batch);
          succeeded(batch);
        } catch (RuntimeException | Error failed) {
          failed(batch, failed);
          if (changes.isClosed()) {
            return;
          }
        }
      }
      close(catalog.now() + 1);
    } catch (InterruptedException notOurs) {
      Thread.currentThread().interrupt();
    } finally {
      folder.close();
    }
  }

  private void write(Changes.Batch batch) {
    batch.registrations.forEach(this::write);
    for (String checkId : batch.heartbeats) {
      AgentEntry.Heartbeat last = agent.heartbeat(checkId);
      if (last == null) {
        folder.remove(DataFolder.Table.HEARTBEATS, checkId);
      } else {
        folder.put(DataFolder.Table.HEARTBEATS, checkId, Json.bytes(false, last::write));
      }
    }
    if (keys != null) {
      for (String key : batch.keys) {
        KeyValues.Pair pair = keys.shownNow(key);
        if (pair == null) {
          folder.remove(DataFolder.Table.KEYS, key);
        } else {
          folder.put(DataFolder.Table.KEYS, key, KeyRecord.of(pair, deletesKeys).bytes());
        }
      }
    }
    reserve();
    folder.commit();
  }

  private void write(InstanceId id, Changes.By by) {
    if (by == Changes.By.CATALOG) {
      ours.add(id);
    } else if (by == Changes.By.OTHERS) {
      ours.remove(id);
    }
    byte[] record = record(id);
    if (record == null) {
      ours.remove(id);
      folder.remove(DataFolder.Table.REGISTRATIONS, key(id));
    } else {
      folder.put(DataFolder.Table.REGISTRATIONS, key(id), record);
    }
  }

  /** Returns what is to be kept of a registration; null where nothing is. */
  private byte @Nullable [] record(InstanceId id) {
    String client = quota.holder(id);
    AgentEntry registered = id.node().equals(agent.self().name()) ? agent.entry(id.id()) : null;
    CatalogEntry put =
        registered == null && ours.contains(id)
            ? catalog.look(view -> CatalogEntry.of(view, id))
            : null;
    if (registered == null && put == null) {
      return null;
    }
    return Json.bytes(
        false,
        to -> {
          to.writeStartObject();
          to.writeBooleanField("Agent", registered != null);
          to.writeStringField("Client", client);
          if (registered != null) {
            registered.write(to);
          } else if (put != null) {
            put.write(to);
          }
          to.writeEndObject();
        });
  }

  /** Names never hold what stands between them. */
  private static String key(InstanceId id) {
    return id.node() + '\0' + id.id();
  }

  private static InstanceId id(String key) {
    int end = key.indexOf('\0');
    return new InstanceId(key.substring(0, end), key.substring(end + 1));
  }

  private void reserve() {
    long now = catalog.now();
    if (now > reservedIndex - RESERVED / 2) {
      reservedIndex = now + RESERVED;
      putIndex(reservedIndex);
    }
  }

  private void putIndex(long index) {
    folder.put(
        DataFolder.Table.ABOUT, INDEX, ByteBuffer.allocate(Long.BYTES).putLong(index).array());
  }

  private void succeeded(Changes.Batch batch) {
    if (failing) {
      failing = false;
      LOG.info("what is registered is kept again");
    }
    changes.succeeded(batch, folder.bytes() > MOST_BYTES);
    if (System.nanoTime() - tidiedNanos > TIDY_NANOS) {
      folder.tidy();
      tidiedNanos = System.nanoTime();
    }
  }

  private void failed(Changes.Batch batch, Throwable failed) {
    String why = DataFolder.why(failed);
    if (!failing) {
      failing = true;
      LOG.warn("what is registered is not kept: {}", why, failed);
    }
    folder.abandon();
    reservedIndex = 0;
    changes.failed(batch, why);
  }

  private void close(long nextIndex) {
    try {
      putIndex(nextIndex);
      folder.commit();
    } catch (RuntimeException failed) {
      LOG.debug("the last index", failed);
    }
  }

  /** Writes what is noted, and closes the folder. Idempotent; blocks for some seconds at most. */
  @Override
  public void close() {
    changes.close();
    if (thread.getState() == Thread.State.NEW) {
      folder.close();
      return;
    }
    try {
      thread.join(LONGEST_END_MILLIS);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }
}
