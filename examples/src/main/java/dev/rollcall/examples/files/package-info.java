/**
 * A backend to learn from: a registry in a folder of files on a local disk. Start at {@link
 * dev.rollcall.examples.files.FilesBackend}; {@code docs/write-a-backend.md} walks through it.
 */
@NullMarked
package dev.rollcall.examples.files;

import org.jspecify.annotations.NullMarked;
