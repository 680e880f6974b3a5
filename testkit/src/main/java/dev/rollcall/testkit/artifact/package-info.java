/**
 * What the artifact of a backend has to show, beside the contract: how it behaves on a class path
 * that does not fit, and that the libraries in its jar are its own. Start here: {@link
 * dev.rollcall.testkit.artifact.ArtifactContract}.
 */
@NullMarked
package dev.rollcall.testkit.artifact;

import org.jspecify.annotations.NullMarked;
