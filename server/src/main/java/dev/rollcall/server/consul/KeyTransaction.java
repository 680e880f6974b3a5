package dev.rollcall.server.consul;

import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyWrite;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Works out what operations on keys do, one after the other, to the keys that are there: what each
 * brings, what is to be written in the end, and which versions must still be so then. Nothing is
 * changed by it. Of one thread.
 */
final class KeyTransaction {
  private final Function<String, KeyValues.@Nullable Pair> present;
  private final Function<String, List<KeyValues.Pair>> below;
  private final boolean expandsTrees;
  private final @Nullable Sessions sessions;
  private final TxnResults results;
  private final TreeMap<String, State> states = new TreeMap<>();
  private final Map<String, Long> expected = new LinkedHashMap<>();
  private final List<KeyWrite> trees = new ArrayList<>();
  private final List<Result> written = new ArrayList<>();

  /** A key as it is after the operations so far. */
  private static final class State {
    final KeyValues.@Nullable Pair before;
    boolean exists;
    boolean isChanged;
    Bytes value;
    long flags;
    KeyValues.Lock lock;

    State(KeyValues.@Nullable Pair before) {
      this.before = before;
      exists = before != null;
      value = before == null ? Bytes.empty() : before.entry().value();
      flags = before == null ? 0 : before.flags();
      lock = before == null ? KeyValues.Lock.NONE : before.lock();
    }

    /** Returns the index; one that no client can know where it is this transaction's. */
    long modifyIndex() {
      return before == null || isChanged ? -1 : before.modifyIndex();
    }

    boolean isAlready(Bytes newValue, long newFlags) {
      return before != null
          && !isChanged
          && value.equals(newValue)
          && flags == newFlags
          && lock.equals(before.lock());
    }

    void put(Bytes newValue, long newFlags) {
      exists = true;
      isChanged = true;
      value = newValue;
      flags = newFlags;
    }

    void delete() {
      isChanged |= exists;
      exists = false;
      flags = 0;
      lock = KeyValues.Lock.NONE;
    }
  }

  /** What an operation brings of a key; its indexes may be known only later. */
  private static final class Result {
    final String key;
    long createIndex;
    long modifyIndex;

    Result(KeyValues.Pair shown) {
      key = shown.entry().key();
      createIndex = shown.createIndex();
      modifyIndex = shown.modifyIndex();
    }
  }

  /**
   * Begins a transaction.
   *
   * @param present the keys that are there
   * @param below the keys that begin with some text
   * @param expandsTrees whether all with a prefix are deleted one by one
   * @param sessions null where there are none
   */
  KeyTransaction(
      Function<String, KeyValues.@Nullable Pair> present,
      Function<String, List<KeyValues.Pair>> below,
      boolean expandsTrees,
      @Nullable Sessions sessions,
      TxnResults results) {
    this.present = present;
    this.below = below;
    this.expandsTrees = expandsTrees;
    this.sessions = sessions;
    this.results = results;
  }

  /** Takes the next operation. */
  void take(int operation, TxnOperation.OfKey asked) {
    String why = refusal(asked);
    if (why != null) {
      results.fail(operation, why);
    }
  }

  private @Nullable String refusal(TxnOperation.OfKey asked) {
    String key = asked.key();
    String shown = quoted(key);
    switch (asked.verb()) {
      case "set" -> {
        put(asked);
        return null;
      }
      case "cas" -> {
        State state = compared(key);
        boolean isRight =
            asked.index() == 0 ? !state.exists : state.exists && has(state, asked.index());
        if (!isRight) {
          return "failed to set key " + shown + ", index is stale";
        }
        put(asked);
        return null;
      }
      case "delete" -> {
        state(key).delete();
        return null;
      }
      case "delete-cas" -> {
        State state = compared(key);
        if (state.exists && !has(state, asked.index())) {
          return "failed to delete key " + shown + ", index is stale";
        }
        state.delete();
        return null;
      }
      case "delete-tree" -> {
        if (expandsTrees) {
          statesBelow(key).values().forEach(State::delete);
        } else {
          trees.add(new KeyWrite.Delete(Keys.prefix(key)));
        }
        return null;
      }
      case "lock", "unlock" -> {
        return held(asked);
      }
      case "get" -> {
        State state = compared(key);
        if (!state.exists) {
          return "key " + shown + " doesn't exist";
        }
        add(key, state, true);
        return null;
      }
      case "get-tree" -> {
        statesBelow(key)
            .forEach(
                (name, state) -> {
                  if (state.exists) {
                    compared(name);
                    add(name, state, true);
                  }
                });
        return null;
      }
      case "check-session" -> {
        State state = compared(key);
        if (!state.exists) {
          return "failed to check session, key " + shown + " doesn't exist";
        }
        if (!state.lock.holder().equals(asked.session())) {
          return "failed session check for key "
              + shown
              + ", current session "
              + quoted(state.lock.holder())
              + " != "
              + quoted(asked.session());
        }
        add(key, state, false);
        return null;
      }
      case "check-index" -> {
        State state = compared(key);
        if (!state.exists) {
          return "failed to check index, key " + shown + " doesn't exist";
        }
        if (!has(state, asked.index())) {
          return "failed index check for key "
              + shown
              + ", current modify index "
              + (state.isChanged ? "of this transaction" : state.modifyIndex())
              + " != "
              + Long.toUnsignedString(asked.index());
        }
        add(key, state, false);
        return null;
      }
      case "check-not-exists" -> {
        return compared(key).exists ? "key " + shown + " exists" : null;
      }
      default -> {
        return "unknown KV verb " + quoted(asked.verb());
      }
    }
  }

  private @Nullable String held(TxnOperation.OfKey asked) {
    boolean locks = asked.verb().equals("lock");
    String id = asked.session();
    if (id.isEmpty() || sessions == null) {
      return "missing session";
    }
    if (locks && sessions.isDelayed(asked.key())) {
      return "failed to lock key " + quoted(asked.key()) + " due to lock delay";
    }
    State state = compared(asked.key());
    String holder = state.lock.holder();
    if (locks) {
      if (id.length() != SessionRoutes.ID_CHARACTERS) {
        return SessionRoutes.NO_ID;
      }
      if (!sessions.isLive(id)) {
        return "invalid session " + quoted(id);
      }
      if (!holder.isEmpty() && !holder.equals(id)) {
        return "failed to lock key " + quoted(asked.key()) + ", lock is already held";
      }
      long times = state.lock.index() + (holder.isEmpty() ? 1 : 0);
      state.lock = new KeyValues.Lock(id, times);
    } else {
      if (holder.isEmpty() || !holder.equals(id)) {
        return "failed to unlock key "
            + quoted(asked.key())
            + ", lock isn't held, or is held by another session";
      }
      state.lock = new KeyValues.Lock("", state.lock.index());
    }
    put(asked);
    return null;
  }

  private static boolean has(State state, long index) {
    return state.modifyIndex() == index && index > 0;
  }

  private void put(TxnOperation.OfKey asked) {
    State state = state(asked.key());
    if (state.isAlready(asked.value(), asked.flags())) {
      compared(asked.key()); // as with an agent nothing is written then, if that still is so
    } else {
      state.put(asked.value(), asked.flags());
    }
    add(asked.key(), state, false);
  }

  private void add(String key, State state, boolean withValue) {
    KeyValues.Pair before = state.before;
    KeyValues.Pair shown =
        new KeyValues.Pair(
            new KeyValue(key, state.value, 0),
            state.flags,
            state.lock,
            before == null ? 0 : before.createIndex(),
            before == null ? 0 : before.modifyIndex());
    Result result = new Result(shown);
    if (state.isChanged) {
      written.add(result);
    }
    results.add(
        "KV",
        to ->
            KeyRoutes.write(
                to,
                new KeyValues.Pair(
                    shown.entry(),
                    shown.flags(),
                    shown.lock(),
                    result.createIndex,
                    result.modifyIndex),
                withValue));
  }

  private State state(String key) {
    return states.computeIfAbsent(key, name -> new State(present.apply(name)));
  }

  /** Returns a key's state, on which the outcome depends. */
  private State compared(String key) {
    State state = state(key);
    expected.putIfAbsent(key, state.before == null ? 0 : state.before.entry().version());
    return state;
  }

  private Map<String, State> statesBelow(String prefix) {
    for (KeyValues.Pair pair : below.apply(prefix)) {
      states.computeIfAbsent(pair.entry().key(), name -> new State(pair));
    }
    Map<String, State> found = new TreeMap<>();
    states
        .tailMap(prefix, true)
        .forEach(
            (key, state) -> {
              if (key.startsWith(prefix)) {
                found.put(key, state);
              }
            });
    return found;
  }

  /** Returns the versions by key that must still be so when it is written. */
  Map<String, Long> expected() {
    return expected;
  }

  /** Returns what is to be written. */
  List<KeyWrite> writes() {
    List<KeyWrite> writes = new ArrayList<>(trees);
    states.forEach(
        (key, state) -> {
          if (state.isChanged && state.exists) {
            writes.add(new KeyWrite.Put(key, state.value));
          } else if (!state.exists && (state.isChanged || !expected.containsKey(key))) {
            writes.add(new KeyWrite.Delete(Keys.key(key)));
          }
        });
    return writes;
  }

  /** Returns the flags of what is to be written. */
  Map<String, Long> flags() {
    Map<String, Long> flags = new HashMap<>();
    states.forEach(
        (key, state) -> {
          if (state.isChanged) {
            flags.put(key, state.flags);
          }
        });
    return flags;
  }

  /** Returns the locks of what is to be written. */
  Map<String, KeyValues.Lock> locks() {
    Map<String, KeyValues.Lock> locks = new HashMap<>();
    states.forEach(
        (key, state) -> {
          if (state.isChanged && state.exists) {
            locks.put(key, state.lock);
          }
        });
    return locks;
  }

  /** Puts the indexes into the results that what was written has got. */
  void wrote(Function<String, KeyValues.@Nullable Pair> now) {
    for (Result result : written) {
      KeyValues.Pair pair = now.apply(result.key);
      // Where it was overwritten or deleted in the end: an index that no comparison is met by.
      result.createIndex = pair == null ? 0 : pair.createIndex();
      result.modifyIndex = pair == null ? 0 : pair.modifyIndex();
    }
  }

  private static String quoted(String text) {
    return "\"" + Fields.shown(text) + "\"";
  }
}
