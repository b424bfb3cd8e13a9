package io.millrace.protocol.record;

import com.github.luben.zstd.RecyclingBufferPool;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** zstd frames, one after another. Loads the native library when first used. */
final class ZstdFrames {

  /**
   * What the highest level of the format's own tool asks for; a frame that wants more memory is
   * refused.
   */
  private static final int MAX_WINDOW_LOG = 27;

  private ZstdFrames() {}

  static OutputStream output(OutputStream out, int level) throws IOException {
    return new ZstdOutputStreamNoFinalizer(
        Codecs.uncloseable(out), RecyclingBufferPool.INSTANCE, level);
  }

  static InputStream input(InputStream in) throws IOException {
    return new ZstdInputStreamNoFinalizer(in, RecyclingBufferPool.INSTANCE)
        .setLongMax(MAX_WINDOW_LOG);
  }
}
