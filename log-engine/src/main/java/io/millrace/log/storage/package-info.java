/**
 * Decides how files are reached: the seam under the log, with the machine's file system behind it
 * in production and a disk that forgets in the simulation. Blocking; the threads are the caller's.
 */
@NullMarked
package io.millrace.log.storage;

import org.jspecify.annotations.NullMarked;
