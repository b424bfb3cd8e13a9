package io.millrace.metadata.image;

/** Whoever follows the cluster's metadata. */
@FunctionalInterface
public interface ImageListener {

  /**
   * Tells of the next image. Called on one event loop, in order of revisions, without gaps: {@code
   * delta.before()} is the image of the last call. Must not block.
   */
  void onImage(MetadataDelta delta, MetadataImage image);
}
