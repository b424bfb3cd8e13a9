package io.millrace.concurrent;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Target;

/**
 * One thread changes objects of this type; what other threads may read leaves through published
 * fields whose accessors name the memory order. The class comment says which thread.
 */
@Documented
@Target(ElementType.TYPE)
public @interface SingleWriter {}
