package io.millrace.server;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.server.coordinator.CoordinatorRuntime;
import io.millrace.server.coordinator.CoordinatorRuntime.Setup;
import io.millrace.server.coordinator.group.GroupConfig;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.coordinator.group.GroupRecord;
import io.millrace.server.coordinator.group.GroupRecordCodec;
import io.millrace.server.coordinator.group.GroupShard;

/** The group coordinator of one broker and what it runs on. Any thread. */
final class GroupService {
  private final GroupCoordinator coordinator;

  GroupService(MetadataClient metadata, Loops loops, Clock clock, long randomSeed) {
    EventLoop loop = loops.start("coordinator");
    CoordinatorRuntime<GroupShard, GroupRecord> runtime =
        new CoordinatorRuntime<>(
            new Setup<>(
                GroupCoordinator.TOPIC,
                partition -> new GroupShard(GroupConfig.DEFAULT, randomSeed + partition),
                new GroupRecordCodec(),
                clock,
                metadata::image,
                partition -> loop));
    this.coordinator = new GroupCoordinator(runtime, () -> partitionsOf(metadata));
  }

  private static int partitionsOf(MetadataClient metadata) {
    TopicImage topic = metadata.image().topics().topic(GroupCoordinator.TOPIC);
    return topic == null ? 0 : topic.partitions().size();
  }

  GroupCoordinator coordinator() {
    return coordinator;
  }
}
