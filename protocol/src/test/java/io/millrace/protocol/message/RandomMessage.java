package io.millrace.protocol.message;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.record.MemoryRecords;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;
import org.jspecify.annotations.Nullable;

/**
 * Makes up messages of ours that one version can carry. Which fields that version has, and which of
 * them may be null, comes from Kafka's schema object, not from our generator: otherwise a fault in
 * the generator would hide itself.
 */
final class RandomMessage {

  private static final String[] TEXTS = {
    "", "a", "orders", "größe", "流れ", "🌊 mill", "x".repeat(300)
  };

  private final Random random;

  RandomMessage(long seed) {
    this.random = new Random(seed);
  }

  Message next(Class<? extends Message> type, Schema schema) {
    return (Message) record(type, schema);
  }

  private Object record(Class<?> type, Schema schema) {
    Map<String, Type> fields = fields(schema);
    Object defaults = defaults(type);
    RecordComponent[] components = type.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    @Nullable Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      RecordComponent component = components[i];
      types[i] = component.getType();
      Type field = fields.remove(component.getName().toLowerCase(Locale.ROOT));
      values[i] = get(component, defaults);
      boolean madeUp = values[i] == null || random.nextInt(5) > 0;
      if (field != null && madeUp) {
        values[i] = value(component.getGenericType(), field);
      }
    }
    if (!fields.isEmpty()) {
      throw new AssertionError(type + " lacks " + fields.keySet());
    }
    return construct(type, types, values);
  }

  private static Map<String, Type> fields(Schema schema) {
    Map<String, Type> fields = new HashMap<>();
    for (BoundField bound : schema.fields()) {
      if (bound.def.type instanceof TaggedFields tagged) {
        for (Field field : tagged.fields().values()) {
          fields.put(key(field), field.type);
        }
      } else {
        fields.put(key(bound.def), bound.def.type);
      }
    }
    return fields;
  }

  private static String key(Field field) {
    return field.name.replace("_", "").toLowerCase(Locale.ROOT);
  }

  private @Nullable Object value(java.lang.reflect.Type type, Type schema) {
    if (schema.isNullable() && random.nextInt(6) == 0) {
      return null;
    }
    if (schema.isArray()) {
      java.lang.reflect.Type element = ((ParameterizedType) type).getActualTypeArguments()[0];
      Type elementSchema = schema.arrayElementType().orElseThrow();
      List<Object> list = new ArrayList<>();
      int size = random.nextInt(20) == 0 ? 130 : random.nextInt(4);
      for (int i = 0; i < size && (i < 4 || !(elementSchema instanceof Schema)); i++) {
        list.add(value(element, elementSchema));
      }
      return list;
    }
    if (schema instanceof Schema struct) {
      return record((Class<?>) type, struct);
    }
    return switch (((Class<?>) type).getSimpleName().toLowerCase(Locale.ROOT)) {
      case "boolean" -> random.nextBoolean();
      case "byte" -> (byte) random.nextInt();
      case "short" -> (short) random.nextInt();
      case "int", "integer" -> schema == Type.UINT16 ? random.nextInt(0x1_0000) : random.nextInt();
      case "long" -> random.nextLong();
      case "double" -> random.nextDouble();
      case "string" -> TEXTS[random.nextInt(TEXTS.length)];
      case "uuid" -> new Uuid(random.nextLong(), random.nextLong());
      case "bytebuffer" -> ByteBuffer.wrap(bytes()).asReadOnlyBuffer();
      case "records" -> MemoryRecords.wrap(ByteBuffer.wrap(bytes()));
      default -> throw new AssertionError("cannot make up a " + type);
    };
  }

  private byte[] bytes() {
    byte[] bytes = new byte[random.nextInt(4) == 0 ? 2000 : random.nextInt(40)];
    random.nextBytes(bytes);
    return bytes;
  }

  private static Object defaults(Class<?> type) {
    try {
      Object builder = type.getMethod("builder").invoke(null);
      return builder.getClass().getMethod("build").invoke(builder);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(type.getName(), e);
    }
  }

  private static @Nullable Object get(RecordComponent component, Object record) {
    try {
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(component.toString(), e);
    }
  }

  private static Object construct(Class<?> type, Class<?>[] types, @Nullable Object[] values) {
    try {
      return type.getConstructor(types).newInstance(values);
    } catch (InvocationTargetException e) {
      throw new AssertionError(type + " of " + List.of(types), e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(type.getName(), e);
    }
  }
}
