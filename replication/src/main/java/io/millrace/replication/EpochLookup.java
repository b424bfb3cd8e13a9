package io.millrace.replication;

import io.millrace.log.EpochEnd;
import io.millrace.protocol.ErrorCode;

/** The answer to one partition of OffsetForLeaderEpoch. */
public record EpochLookup(ErrorCode error, EpochEnd end) {}
