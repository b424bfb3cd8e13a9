package io.millrace.tools;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Records as JSON, one object a line, the same form out of {@code consume --json} and into {@code
 * produce --json}:
 *
 * <pre>{@code
 * {"topic":"orders","partition":0,"offset":7,"timestamp":1700000000000,"key":"k","value":"v","headers":[{"key":"h","value":"x"}]}
 * }</pre>
 *
 * <p>Bytes that are not UTF-8 stand as base64 under {@code keyBase64}, {@code valueBase64}. Unknown
 * members are an error, so that a misspelt one does not lose data in silence.
 */
final class RecordText {

  private static final JsonFactory JSON = new JsonFactory();

  private RecordText() {}

  /** The record as a JSON object. */
  static Map<String, Object> toJson(ConsumerRecord<byte[], byte[]> record) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("topic", record.topic());
    json.put("partition", record.partition());
    json.put("offset", record.offset());
    json.put("timestamp", record.timestamp());
    putBytes(json, "key", record.key());
    putBytes(json, "value", record.value());
    if (!record.headers().isEmpty()) {
      List<Map<String, Object>> headers = new ArrayList<>();
      for (RecordHeader header : record.headers()) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("key", header.key());
        putBytes(one, "value", header.value());
        headers.add(one);
      }
      json.put("headers", headers);
    }
    return json;
  }

  /**
   * UTF-8 text of the bytes, each malformed sequence as the replacement character; {@code null} for
   * null.
   */
  static String text(byte @Nullable [] bytes) {
    return bytes == null ? "null" : new String(bytes, StandardCharsets.UTF_8);
  }

  /** Headers as {@code key=value,key=value}. */
  static String text(List<RecordHeader> headers) {
    return String.join(
        ",", headers.stream().map(header -> header.key() + "=" + text(header.value())).toList());
  }

  /** A timestamp as people read it. */
  static String time(long millis) {
    return millis < 0 ? "-" : Instant.ofEpochMilli(millis).toString();
  }

  private static void putBytes(Map<String, Object> json, String name, byte @Nullable [] bytes) {
    if (bytes == null) {
      json.put(name, null);
      return;
    }
    try {
      json.put(name, StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      json.put(name + "Base64", Base64.getEncoder().encodeToString(bytes));
    }
  }

  /**
   * Reads a record from a line.
   *
   * @param topic where it goes; the line's own topic and offset are ignored, so that output of
   *     another topic can be piped in
   * @throws IllegalArgumentException when the line is not such an object; the message says what is
   *     wrong
   */
  static ProducerRecord<byte[], byte[]> parse(String topic, String line) {
    try (JsonParser json = JSON.createParser(line)) {
      return parse(topic, json);
    } catch (IOException e) {
      String message = e.getMessage();
      throw new IllegalArgumentException(
          "not a JSON object: "
              + (message == null ? e : message.lines().findFirst().orElse(message)),
          e);
    }
  }

  private static ProducerRecord<byte[], byte[]> parse(String topic, JsonParser json)
      throws IOException {
    expect(json.nextToken(), JsonToken.START_OBJECT, "a record");
    Integer partition = null;
    Long timestamp = null;
    byte[] key = null;
    byte[] value = null;
    List<RecordHeader> headers = List.of();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      json.nextToken();
      switch (name) {
        case "topic", "offset" -> json.skipChildren();
        case "partition" ->
            partition = json.currentToken() == JsonToken.VALUE_NULL ? null : json.getIntValue();
        case "timestamp" ->
            timestamp = json.currentToken() == JsonToken.VALUE_NULL ? null : json.getLongValue();
        case "key", "keyBase64" -> key = bytes(json, name);
        case "value", "valueBase64" -> value = bytes(json, name);
        case "headers" -> headers = headers(json);
        default ->
            throw new IllegalArgumentException(
                "unknown member '"
                    + name
                    + "', expected topic, partition, offset, timestamp, key, value, headers");
      }
    }
    if (json.nextToken() != null) {
      throw new IllegalArgumentException("more follows after the record; one record is one line");
    }
    return new ProducerRecord<>(
        topic,
        partition,
        timestamp == null || timestamp < 0 ? null : timestamp,
        key,
        value,
        headers);
  }

  private static List<RecordHeader> headers(JsonParser json) throws IOException {
    expect(json.currentToken(), JsonToken.START_ARRAY, "headers");
    List<RecordHeader> headers = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      expect(json.currentToken(), JsonToken.START_OBJECT, "a header");
      String key = null;
      byte[] value = null;
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        switch (name) {
          case "key" -> key = json.getText();
          case "value", "valueBase64" -> value = bytes(json, name);
          default ->
              throw new IllegalArgumentException(
                  "unknown member '" + name + "' of a header, expected key, value");
        }
      }
      if (key == null) {
        throw new IllegalArgumentException("a header has no key");
      }
      headers.add(new RecordHeader(key, value));
    }
    return headers;
  }

  private static byte @Nullable [] bytes(JsonParser json, String name) throws IOException {
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      return null;
    }
    expect(json.currentToken(), JsonToken.VALUE_STRING, "member '" + name + "'");
    return name.endsWith("Base64")
        ? json.getBinaryValue()
        : json.getText().getBytes(StandardCharsets.UTF_8);
  }

  private static void expect(@Nullable JsonToken token, JsonToken expected, String what) {
    if (token != expected) {
      throw new IllegalArgumentException(
          what + " must be " + name(expected) + ", not " + name(token));
    }
  }

  private static String name(@Nullable JsonToken token) {
    if (token == null) {
      return "nothing";
    }
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "a string";
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "a number";
      default -> token.asString() == null ? token.toString() : token.asString();
    };
  }
}
