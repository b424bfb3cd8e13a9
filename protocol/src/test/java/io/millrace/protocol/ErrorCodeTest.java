package io.millrace.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The error codes against Kafka's. */
class ErrorCodeTest {

  @ParameterizedTest
  @EnumSource(Errors.class)
  void everyCode_hasKafkasNameAndRetriability(Errors kafkas) {
    ErrorCode ours = ErrorCode.forCode(kafkas.code());

    assertThat(ours.name()).isEqualTo(kafkas.name());
    assertThat(ours.code()).isEqualTo(kafkas.code());
    assertThat(ours.isRetriable()).isEqualTo(kafkas.exception() instanceof RetriableException);
  }

  @Test
  void codes_areAsManyAsKafkas() {
    assertThat(ErrorCode.values()).hasSameSizeAs(Errors.values());
  }

  @Test
  void codeFromTheFuture_isUnknownServerError() {
    assertThat(ErrorCode.forCode((short) 9999)).isEqualTo(ErrorCode.UNKNOWN_SERVER_ERROR);
    assertThat(ErrorCode.forCode((short) -2)).isEqualTo(ErrorCode.UNKNOWN_SERVER_ERROR);
  }

  @Test
  void message_isTheNameInWords() {
    assertThat(ErrorCode.NOT_LEADER_OR_FOLLOWER.message()).isEqualTo("not leader or follower");
  }
}
