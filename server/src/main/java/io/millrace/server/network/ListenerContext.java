package io.millrace.server.network;

import io.millrace.concurrent.Clock;
import io.millrace.server.metrics.ServerMetrics;

/** What all connections of a node share. */
record ListenerContext(
    RequestProcessor processor,
    MemoryBudget budget,
    int maxQueuedRequests,
    RateLimitedLog strangers,
    ServerMetrics metrics,
    Clock clock) {}
