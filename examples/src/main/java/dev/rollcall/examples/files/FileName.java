package dev.rollcall.examples.files;

import com.google.common.hash.Hashing;
import dev.rollcall.InstanceKey;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of an instance's file, {@code key.version.beat}. It says all that a reader has to know
 * of a change: with new fields comes a new version, with a renewal the next beat.
 *
 * @param key a hash of the instance's key, since a name of any length and script fits no file name
 * @param version a UUID; a file's content never changes, so that equal versions are equal contents
 * @param beat how often the lease was renewed
 */
record FileName(String key, String version, long beat) {
  private static final Pattern FORM =
      Pattern.compile("([0-9a-f]{64})\\.([0-9a-f-]{36})\\.([0-9]{1,18})");

  /** Names a new version of an instance. */
  static FileName of(InstanceKey key) {
    return new FileName(hash(key), UUID.randomUUID().toString(), 0);
  }

  /** Reads a name; empty where it is no instance's. */
  static Optional<FileName> parse(String text) {
    Matcher form = FORM.matcher(text);
    return form.matches()
        ? Optional.of(new FileName(form.group(1), form.group(2), Long.parseLong(form.group(3))))
        : Optional.empty();
  }

  FileName renewed() {
    return new FileName(key, version, beat + 1);
  }

  boolean belongsTo(InstanceKey instance) {
    return key.equals(hash(instance));
  }

  @Override
  public String toString() {
    return key + "." + version + "." + beat;
  }

  /** A slash is in no service's name and no id, so that no two keys are hashed alike. */
  private static String hash(InstanceKey key) {
    return Hashing.sha256()
        .hashString(key.service() + "/" + key.id(), StandardCharsets.UTF_8)
        .toString();
  }
}
