package io.millrace.client.group;

import io.millrace.client.TopicPartition;
import io.millrace.protocol.Uuid;

/** A partition as groups mean it: of this very topic, not of another one with the same name. */
public record GroupPartition(Uuid topicId, TopicPartition partition) {}
