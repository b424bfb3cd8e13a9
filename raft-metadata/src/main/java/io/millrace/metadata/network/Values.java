package io.millrace.metadata.network;

import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.network.proto.ConfigResourceValue;
import io.millrace.metadata.network.proto.ResultAnswer;
import io.millrace.metadata.network.proto.TopicRefValue;
import io.millrace.metadata.record.RecordValues;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import org.jspecify.annotations.Nullable;

/** Small values that requests and answers share. */
final class Values {

  private Values() {}

  static ResultAnswer result(Result result) {
    ResultAnswer.Builder out = ResultAnswer.newBuilder().setError(result.error().code());
    if (result.message() != null) {
      out.setMessage(result.message());
    }
    return out.build();
  }

  static Result result(ResultAnswer in) {
    return new Result(
        ErrorCode.forCode((short) in.getError()), in.hasMessage() ? in.getMessage() : null);
  }

  static ConfigResourceValue resource(ConfigResource resource) {
    return ConfigResourceValue.newBuilder()
        .setType(resource.type().code())
        .setName(resource.name())
        .build();
  }

  static ConfigResource resource(ConfigResourceValue in) {
    for (ConfigResource.Type type : ConfigResource.Type.values()) {
      if (type.code() == in.getType()) {
        return new ConfigResource(type, in.getName());
      }
    }
    throw new IllegalArgumentException("config resource type " + in.getType() + " is unknown");
  }

  static TopicRefValue topicRef(@Nullable Uuid id, @Nullable String name) {
    TopicRefValue.Builder out = TopicRefValue.newBuilder();
    if (id != null) {
      out.setId(RecordValues.uuid(id));
    }
    if (name != null) {
      out.setName(name);
    }
    return out.build();
  }
}
