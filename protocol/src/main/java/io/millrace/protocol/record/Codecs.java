package io.millrace.protocol.record;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** gzip, of the JDK; and what the framings share. */
final class Codecs {

  private static final int BUFFER_BYTES = 8 * 1024;

  private Codecs() {}

  static OutputStream gzipOutput(OutputStream out, int level) throws IOException {
    return new LevelledGzip(uncloseable(out), level);
  }

  static InputStream gzipInput(InputStream in) throws IOException {
    return new GZIPInputStream(in, BUFFER_BYTES);
  }

  /**
   * The codecs' streams end their frame in {@code close}, which must not reach the buffer behind.
   */
  static OutputStream uncloseable(OutputStream out) {
    return new FilterOutputStream(out) {
      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
      }

      @Override
      public void close() {}
    };
  }

  private static final class LevelledGzip extends GZIPOutputStream {
    LevelledGzip(OutputStream out, int level) throws IOException {
      super(out, BUFFER_BYTES);
      def.setLevel(level);
    }
  }
}
