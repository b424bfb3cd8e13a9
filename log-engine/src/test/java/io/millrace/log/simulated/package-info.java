/**
 * Decides how the world behaves in tests: a disk that forgets, loops and a clock that move when
 * told. Confined to the thread of the test. Other modules get these as the test-jar.
 */
@NullMarked
package io.millrace.log.simulated;

import org.jspecify.annotations.NullMarked;
