package io.millrace.protocol.record;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One record as it stands in a batch. Key, value and header values are read-only views of the
 * batch's memory (of the decompressed copy, when the batch is compressed): valid as long as the
 * batch's memory is, hence to be copied by whoever keeps them longer.
 *
 * @param timestamp milliseconds since the epoch; the batch's append time when the log stamps it, -1
 *     when there is none
 */
@SuppressWarnings("JavaLangClash") // the word of the trade; nobody here names java.lang.Record
public record Record(
    long offset,
    long timestamp,
    @Nullable ByteBuffer key,
    @Nullable ByteBuffer value,
    List<Header> headers) {}
