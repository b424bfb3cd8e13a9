package io.millrace.metadata.image;

/**
 * The whole cluster at one revision. Immutable: whoever holds one sees one point of the cluster's
 * history, and two images of the same revision are equal on every node.
 *
 * @param revision the store's revision; 0 before anything was written
 * @param term the quorum's term in which that revision was written
 * @param cluster id and brokers
 * @param topics topics and partitions
 * @param configs dynamic configs
 * @param nextProducerId the first producer id not handed out yet
 */
public record MetadataImage(
    long revision,
    long term,
    ClusterImage cluster,
    TopicsImage topics,
    ConfigsImage configs,
    long nextProducerId) {

  public static final MetadataImage EMPTY =
      new MetadataImage(0, 0, ClusterImage.EMPTY, TopicsImage.EMPTY, ConfigsImage.EMPTY, 0);
}
