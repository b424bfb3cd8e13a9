package io.millrace.metadata.controller;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.Endpoint;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.record.ImageReplay;
import io.millrace.metadata.record.MetadataChange;
import io.millrace.metadata.record.MetadataRecord.BrokerRecord;
import io.millrace.metadata.record.MetadataRecord.BrokerStateRecord;
import io.millrace.protocol.Uuid;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Images for the tables of decisions. */
final class Images {

  private Images() {}

  /** Active brokers of these ids; the epoch of each is its place in the list, from 1. */
  static MetadataImage withBrokers(int... ids) {
    MetadataImage image = MetadataImage.EMPTY;
    for (int id : ids) {
      image = withBroker(image, id, null);
    }
    return image;
  }

  static MetadataImage withBroker(MetadataImage image, int id, @Nullable String rack) {
    return apply(
        image,
        List.of(
            MetadataChange.put(
                new BrokerRecord(
                    id,
                    new Uuid(1, id),
                    new Uuid(7, id),
                    rack,
                    List.of(new Endpoint("P", "h", 1, "PLAINTEXT")))),
            MetadataChange.put(new BrokerStateRecord(id, false, false))));
  }

  static MetadataImage fenced(MetadataImage image, int id) {
    BrokerImage broker = Objects.requireNonNull(image.cluster().broker(id));
    return apply(image, BrokerControl.fence(image, id, broker.epoch()));
  }

  static <T> MetadataImage after(MetadataImage image, ControlDecision<T> decision) {
    return apply(image, decision.changes());
  }

  static MetadataImage apply(MetadataImage image, List<MetadataChange> changes) {
    ImageReplay replay = ImageReplay.after(image);
    changes.forEach(change -> replay.apply(change, image.revision() + 1));
    return replay.finish(image.revision() + 1, 1).image();
  }
}
