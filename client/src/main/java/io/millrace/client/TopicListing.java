package io.millrace.client;

import io.millrace.protocol.Uuid;

/** A topic by name. */
public record TopicListing(String name, Uuid topicId, boolean internal) {}
