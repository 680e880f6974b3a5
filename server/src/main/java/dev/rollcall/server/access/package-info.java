/**
 * Who may do what at the centre. Start with {@link dev.rollcall.server.access.AccessControl}, which
 * stands before every service; what a caller may do says {@link
 * dev.rollcall.server.access.Principal}, which is internal and may change in any release.
 */
@NullMarked
package dev.rollcall.server.access;

import org.jspecify.annotations.NullMarked;
