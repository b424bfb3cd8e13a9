/** Tests of group coordination: rules one by one, and a simulation of many groups' lives. */
@NullMarked
package io.millrace.server.coordinator.group;

import org.jspecify.annotations.NullMarked;
