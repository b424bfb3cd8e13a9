/** Tests of the controller's decisions and of its invariants under failures. */
@NullMarked
package io.millrace.metadata.controller;

import org.jspecify.annotations.NullMarked;
