package io.millrace.protocol.message;

import io.millrace.protocol.codec.FrameLimits;
import io.millrace.protocol.codec.WireReader;
import io.millrace.protocol.codec.WireWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** One of our generated messages, found and driven by reflection. */
record OurMessage(Class<? extends Message> type, MethodHandle reader, KafkaMessage kafka) {

  /** Every generated message there is. */
  static List<OurMessage> all() {
    try {
      Path generated =
          Path.of(ProduceRequest.class.getProtectionDomain().getCodeSource().getLocation().toURI())
              .resolve(ProduceRequest.class.getPackageName().replace('.', '/'));
      try (Stream<Path> files = Files.list(generated)) {
        return files
            .map(file -> file.getFileName().toString())
            .filter(name -> name.endsWith(".class") && !name.contains("$"))
            .sorted()
            .map(name -> load(name.substring(0, name.length() - ".class".length())))
            .filter(type -> type.isRecord() && Message.class.isAssignableFrom(type))
            .map(type -> of(type.asSubclass(Message.class)))
            .toList();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(ProduceRequest.class.getPackageName() + "." + name);
    } catch (ClassNotFoundException e) {
      throw new LinkageError(name, e);
    }
  }

  static OurMessage of(Class<? extends Message> type) {
    try {
      MethodHandle reader =
          MethodHandles.lookup()
              .findStatic(type, "read", MethodType.methodType(type, WireReader.class, short.class));
      return new OurMessage(type, reader, KafkaMessage.of(type));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(type.getName(), e);
    }
  }

  /** Reads from a copy of the bytes; the message holds nothing but that copy. */
  Message read(byte[] bytes, short version) {
    WireReader in = new WireReader(Unpooled.wrappedBuffer(bytes));
    Message message = read(in, version);
    if (in.remaining() > 0) {
      throw new AssertionError(in.remaining() + " bytes too many in " + ByteBufUtil.hexDump(bytes));
    }
    return message;
  }

  Message read(ByteBuf bytes, FrameLimits limits, short version) {
    return read(new WireReader(bytes, limits), version);
  }

  private Message read(WireReader in, short version) {
    try {
      return (Message) reader.invoke(in, version);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new LinkageError(type.getName(), e);
    }
  }

  static byte[] write(Message message, short version) {
    WireWriter out = new WireWriter(UnpooledByteBufAllocator.DEFAULT);
    try {
      message.write(out, version);
    } catch (RuntimeException | Error e) {
      out.release();
      throw e;
    }
    ByteBuf written = out.finishBare();
    try {
      return ByteBufUtil.getBytes(written);
    } finally {
      written.release();
    }
  }

  @Override
  public String toString() {
    return type.getSimpleName();
  }
}
