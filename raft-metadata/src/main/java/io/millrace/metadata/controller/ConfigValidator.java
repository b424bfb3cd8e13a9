package io.millrace.metadata.controller;

import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.request.Result;

/**
 * Knows which dynamic configs exist and which values they take; passed in by who reads them. Any
 * thread.
 */
@FunctionalInterface
public interface ConfigValidator {

  /** Takes everything; for tests. */
  ConfigValidator PERMISSIVE = (resource, key, value) -> Result.OK;

  /** {@link Result#OK}, or INVALID_CONFIG with what would be right. */
  Result validate(ConfigResource resource, String key, String value);
}
