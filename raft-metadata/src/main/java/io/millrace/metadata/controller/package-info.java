/**
 * Decides every change of the cluster's metadata: elections, placement, fencing. Runs on the
 * controller loop of the active voter.
 */
@NullMarked
package io.millrace.metadata.controller;

import org.jspecify.annotations.NullMarked;
