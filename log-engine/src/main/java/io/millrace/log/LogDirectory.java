package io.millrace.log;

import io.millrace.concurrent.EventLoop;
import io.millrace.log.storage.LogStorage;

/**
 * One directory and the loops that serve it.
 *
 * @param appendLoop owns every log of the directory
 * @param flushLoop where flushing, deleting and checkpointing wait for the disk; not the append
 *     loop's thread in production
 */
public record LogDirectory(LogStorage storage, EventLoop appendLoop, EventLoop flushLoop) {}
