package io.millrace.protocol.message;

import io.millrace.protocol.ApiKey;

/** What a broker answers. */
public interface ResponseMessage extends Message {

  /** The API that this is a response of. */
  ApiKey apiKey();
}
