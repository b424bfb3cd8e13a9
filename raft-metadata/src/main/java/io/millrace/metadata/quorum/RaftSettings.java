package io.millrace.metadata.quorum;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.rpc.SupportedRpcType;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/**
 * Every setting of Ratis that matters to us, by name, because several of its defaults would lose
 * data, fill the disk or stop a small cluster from growing. Those that are safety and not taste are
 * marked so.
 */
final class RaftSettings {

  private RaftSettings() {}

  static RaftProperties of(QuorumConfig config, Path raftDirectory, Path removedDirectory) {
    RaftProperties properties = new RaftProperties();
    RaftConfigKeys.Rpc.setType(properties, SupportedRpcType.GRPC);
    network(properties);
    elections(properties, config);
    log(properties);
    snapshots(properties, config);
    requests(properties);
    // The default is a directory for temporary files.
    RaftServerConfigKeys.setStorageDir(properties, List.of(raftDirectory.toFile()));
    RaftServerConfigKeys.setRemovedGroupsDir(properties, removedDirectory.toFile());
    return properties;
  }

  private static void network(RaftProperties properties) {
    // The controller port is the only door; behind it Ratis listens on the loopback interface, on a
    // port of the system's choice.
    GrpcConfigKeys.Server.setHost(properties, "127.0.0.1");
    GrpcConfigKeys.Server.setPort(properties, 0);
    GrpcConfigKeys.setMessageSizeMax(properties, SizeInBytes.valueOf("64MB"));
    GrpcConfigKeys.Server.setBossGroupSize(properties, 1);
    GrpcConfigKeys.Server.setWorkerGroupSize(properties, 2);
  }

  private static void elections(RaftProperties properties, QuorumConfig config) {
    RaftServerConfigKeys.Rpc.setTimeoutMin(properties, time(config.timing().electionMin()));
    RaftServerConfigKeys.Rpc.setTimeoutMax(properties, time(config.timing().electionMax()));
    boolean alone = config.voters().size() == 1;
    // With several voters the first election waits for the others to have started, so that
    // leadership does not flap. It is as patient with votes as any later one, or voters that start
    // together on a busy machine never hear one another in time.
    RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(
        properties, alone ? millis(5) : time(config.timing().electionMin().dividedBy(3)));
    RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(
        properties, alone ? millis(10) : time(config.timing().electionMax()));
    RaftServerConfigKeys.Rpc.setRequestTimeout(properties, millis(3_000));
    // Safety: a busy joiner must not be given up for dead after three election timeouts, which
    // leaves it half a member.
    RaftServerConfigKeys.setStagingTimeout(properties, millis(30_000));
    RaftServerConfigKeys.LeaderElection.setPreVote(properties, true);
    RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(properties, millis(2_000));
  }

  private static void log(RaftProperties properties) {
    // Safety: an acknowledged entry is on disk, and a damaged file is an error and not a shorter
    // log.
    RaftServerConfigKeys.Log.setUnsafeFlushEnabled(properties, false);
    RaftServerConfigKeys.Log.setAsyncFlushEnabled(properties, false);
    RaftServerConfigKeys.Log.setCorruptionPolicy(
        properties, RaftServerConfigKeys.Log.CorruptionPolicy.EXCEPTION);
    RaftServerConfigKeys.Log.setForceSyncNum(properties, StorageGuard.FLUSH_GROUP);
    // Otherwise each commit writes a second entry.
    RaftServerConfigKeys.Log.setLogMetadataEnabled(properties, false);
    RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf("16MB"));
    RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("1MB"));
    RaftServerConfigKeys.Log.setWriteBufferSize(properties, SizeInBytes.valueOf("5MB"));
    RaftServerConfigKeys.Log.setSegmentCacheNumMax(properties, 2);
    RaftServerConfigKeys.Log.setSegmentCacheSizeMax(properties, SizeInBytes.valueOf("32MB"));
    RaftServerConfigKeys.Log.Appender.setBufferByteLimit(properties, SizeInBytes.valueOf("4MB"));
    RaftServerConfigKeys.Log.Appender.setInstallSnapshotEnabled(properties, true);
    // By default a leader asks a voter that was away only every five seconds, and nothing a voter
    // that
    // comes back wants to do can be done before.
    RaftServerConfigKeys.Log.Appender.setRetryPolicy(properties, "10ms,10, 200ms,100000000");
    // Otherwise one dead voter keeps every entry for ever.
    RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
    RaftServerConfigKeys.Log.setPurgeGap(properties, 1);
    RaftServerConfigKeys.Log.setPurgePreservationLogNum(properties, 10_000);
  }

  private static void snapshots(RaftProperties properties, QuorumConfig config) {
    RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
    RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, config.snapshotThreshold());
    RaftServerConfigKeys.Snapshot.setTriggerWhenStopEnabled(properties, false);
    // The default keeps all.
    RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, 3);
  }

  private static void requests(RaftProperties properties) {
    RaftServerConfigKeys.Read.setOption(properties, RaftServerConfigKeys.Read.Option.LINEARIZABLE);
    // Safety: a deposed leader could answer from its lease.
    RaftServerConfigKeys.Read.setLeaderLeaseEnabled(properties, false);
    RaftServerConfigKeys.Write.setElementLimit(properties, 1_024);
    RaftServerConfigKeys.RetryCache.setExpiryTime(properties, millis(60_000));
  }

  private static TimeDuration time(Duration duration) {
    return millis(duration.toMillis());
  }

  private static TimeDuration millis(long millis) {
    return TimeDuration.valueOf(millis, TimeUnit.MILLISECONDS);
  }
}
