package io.millrace.server;

import io.millrace.metadata.image.ImageListener;
import io.millrace.metadata.image.MetadataDelta;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.publish.MetadataClient;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/** Waits until the metadata show something. Called on the metadata client's loop. */
final class ImageWait implements ImageListener {
  private final Predicate<MetadataImage> condition;
  private final CompletableFuture<MetadataImage> reached = new CompletableFuture<>();

  private ImageWait(Predicate<MetadataImage> condition) {
    this.condition = condition;
  }

  /** Completes, on the client's loop, with the first image that fulfils the condition. */
  static CompletableFuture<MetadataImage> until(
      MetadataClient metadata, Predicate<MetadataImage> condition) {
    ImageWait wait = new ImageWait(condition);
    metadata.addListener(wait);
    wait.reached.whenComplete((image, failure) -> metadata.removeListener(wait));
    return wait.reached;
  }

  @Override
  public void onImage(MetadataDelta delta, MetadataImage image) {
    if (!reached.isDone() && condition.test(image)) {
      reached.complete(image);
    }
  }
}
