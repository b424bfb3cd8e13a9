package io.millrace.protocol.message;

import io.millrace.protocol.ApiKey;

/** What a client asks. */
public interface RequestMessage extends Message {

  /** The API that this is a request of. */
  ApiKey apiKey();
}
