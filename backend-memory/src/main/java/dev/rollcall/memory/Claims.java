package dev.rollcall.memory;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import org.jspecify.annotations.Nullable;

/** Who may register what: owners, epochs, and those who have said farewell. Guarded by the lock. */
final class Claims {
  private final Tombstones tombstones = new Tombstones();

  /**
   * Checks that a request may have its key.
   *
   * @param existing the entry that has the key, if there is one
   * @throws RegistryException where it may not
   */
  void require(RegisterRequest request, @Nullable Entry existing) {
    Owner owner = request.owner();
    InstanceKey key = request.instance().key();
    if (owner.id().isEmpty()) {
      throw RegistryException.invalid("owner: ANY (expected: who registers " + key + ")");
    }
    if (tombstones.refuses(key, owner)) {
      throw RegistryException.conflict(key + ": its owner has deregistered it");
    }
    if (existing == null) {
      return;
    }
    if (existing.ownerId.equals(owner.id())) {
      if (owner.epoch() < existing.epoch) {
        throw RegistryException.conflict(
            key + ": epoch " + owner.epoch() + " (expected: " + existing.epoch + " or later)");
      }
    } else if (request.claim() == Claim.CONTINUE
        || (request.claim() == Claim.EXCLUSIVE && existing.isAlive())) {
      throw RegistryException.conflict(key + ": another owner has it");
    }
  }

  /**
   * Notes that an owner has deregistered. For an operator, who is no owner, nothing is noted: the
   * owner may put the instance back.
   *
   * @param existing the owner's entry, if there is one
   */
  void release(InstanceKey key, Owner owner, @Nullable Entry existing, long nowNanos) {
    if (!owner.id().isEmpty()) {
      long epoch = existing == null ? owner.epoch() : Math.max(owner.epoch(), existing.epoch);
      tombstones.add(key, new Owner(owner.id(), epoch), nowNanos);
    }
  }
}
