package io.millrace.concurrent;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Target;

/** Only the named thread or loop touches objects of this type, for reading too. */
@Documented
@Target(ElementType.TYPE)
public @interface ConfinedTo {

  /** The owner, in words: {@code "the controller loop"}. */
  String value();
}
