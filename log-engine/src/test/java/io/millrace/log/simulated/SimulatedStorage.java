package io.millrace.log.simulated;

import io.millrace.log.storage.DiskFullException;
import io.millrace.log.storage.LogFile;
import io.millrace.log.storage.LogStorage;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Records;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that keeps, over {@link #crash}, only what was forced, and of the rest what
 * chance leaves: any of the writes since the last force, whole or cut, and any of the names since
 * the last sync of their directory.
 *
 * <p>Faults are set by the test: {@link #failForces}, {@link #failWrites}, {@link #limitBytes},
 * {@link #dieAfter}. Confined to one thread, or used under a lock of the test's.
 */
public final class SimulatedStorage implements LogStorage {

  private interface Node {}

  private static final class Directory implements Node {
    TreeMap<String, Node> names = new TreeMap<>();
    TreeMap<String, Node> durableNames = new TreeMap<>();
  }

  private static final class Content implements Node {
    byte[] bytes = {};
    byte[] durable = {};
    final List<Change> unforced = new ArrayList<>();
  }

  /** The process is dead: whatever it was doing does not go on. */
  public static final class Dead extends RuntimeException {
    private static final long serialVersionUID = 1;

    Dead() {
      super("the process died");
    }
  }

  /** A write, or with null bytes a truncation to the position. */
  private record Change(long position, byte @Nullable [] bytes) {}

  private final String name;
  private final Directory root = new Directory();
  private boolean locked;
  private int incarnation;
  private boolean forcesFail;
  private boolean forcesThrow;
  private boolean writesFail;
  private @Nullable String denied;
  private @Nullable String readOnly;
  private long limit = Long.MAX_VALUE;
  private long forces;
  private long changesLeft = Long.MAX_VALUE;
  private boolean died;

  public SimulatedStorage(String name) {
    this.name = name;
  }

  // ---- faults

  public void failForces(boolean fail) {
    forcesFail = fail;
  }

  /** Forces end with an exception that nobody expects. */
  public void breakForces(boolean fail) {
    forcesThrow = fail;
  }

  public void failWrites(boolean fail) {
    writesFail = fail;
  }

  /** Nobody may look into this directory; null lets everybody look everywhere. */
  public void deny(@Nullable String directory) {
    denied = directory;
  }

  /** Nobody may make a file in this directory; null lets everybody write everywhere. */
  public void denyWrites(@Nullable String directory) {
    readOnly = directory;
  }

  private void checkAccess(String path) throws IOException {
    if (denied != null && (path + "/").startsWith(denied + "/")) {
      throw new AccessDeniedException(name + "/" + path);
    }
  }

  /** The disk is full once its files have so many bytes. */
  public void limitBytes(long bytes) {
    limit = bytes;
  }

  /**
   * The process dies before the change that follows so many others; every one from there on throws
   * {@link Dead}, until {@link #crash} or {@link #kill}. A change is whatever a disk is asked for
   * but to read.
   */
  public void dieAfter(long changes) {
    changesLeft = changes;
  }

  /** Whether the process died as {@link #dieAfter} said, whatever became of the exception. */
  public boolean hasDied() {
    return died;
  }

  private void change() {
    if (changesLeft == 0) {
      died = true;
      throw new Dead();
    }
    changesLeft--;
  }

  public long usedBytes() {
    return sizeOf(root);
  }

  public long forces() {
    return forces;
  }

  /** Loses power: everything not forced is forgotten; open files and the lock are gone. */
  public void crash() {
    crash(root, null);
  }

  /** Loses power; of what was not forced, chance keeps some. */
  public void crash(SplittableRandom random) {
    crash(root, random);
  }

  /** Kills the process: the disk keeps everything, open files and the lock are gone. */
  public void kill() {
    incarnation++;
    locked = false;
    changesLeft = Long.MAX_VALUE;
    died = false;
  }

  /** Flips a bit of a file, on the disk itself. */
  public void corrupt(String path, long position) throws IOException {
    Content content = content(path);
    content.bytes[(int) position] ^= 1;
    if (position < content.durable.length) {
      content.durable[(int) position] ^= 1;
    }
  }

  private void crash(Directory directory, @Nullable SplittableRandom random) {
    incarnation++;
    locked = false;
    changesLeft = Long.MAX_VALUE;
    died = false;
    if (random != null) {
      TreeMap<String, Node> all = new TreeMap<>(directory.durableNames);
      all.putAll(directory.names);
      for (String each : all.keySet()) {
        Node now = directory.names.get(each);
        if (now != directory.durableNames.get(each) && random.nextBoolean()) {
          if (now == null) {
            directory.durableNames.remove(each);
          } else {
            directory.durableNames.put(each, now);
          }
        }
      }
    }
    directory.names = new TreeMap<>(directory.durableNames);
    for (Node node : directory.names.values()) {
      if (node instanceof Directory inner) {
        crash(inner, random);
      } else {
        crash((Content) node, random);
      }
    }
  }

  private static void crash(Content content, @Nullable SplittableRandom random) {
    byte[] left = content.durable;
    for (Change change : content.unforced) {
      if (random != null && random.nextBoolean()) {
        left = apply(left, torn(change, random));
      }
    }
    content.durable = left;
    content.bytes = left.clone();
    content.unforced.clear();
  }

  private static Change torn(Change change, SplittableRandom random) {
    byte[] bytes = change.bytes();
    if (bytes == null || bytes.length == 0 || random.nextBoolean()) {
      return change;
    }
    byte[] part = new byte[random.nextInt(bytes.length)];
    System.arraycopy(bytes, 0, part, 0, part.length);
    return new Change(change.position(), part);
  }

  private static byte[] apply(byte[] to, Change change) {
    byte[] bytes = change.bytes();
    if (bytes == null) {
      byte[] cut = new byte[(int) Math.min(change.position(), to.length)];
      System.arraycopy(to, 0, cut, 0, cut.length);
      return cut;
    }
    byte[] next = new byte[(int) Math.max(to.length, change.position() + bytes.length)];
    System.arraycopy(to, 0, next, 0, to.length);
    System.arraycopy(bytes, 0, next, (int) change.position(), bytes.length);
    return next;
  }

  // ---- names

  private Directory directory(String path) throws IOException {
    if (path.isEmpty()) {
      return root;
    }
    Directory parent = parent(path);
    if (parent.names.get(last(path)) instanceof Directory directory) {
      return directory;
    }
    throw new NoSuchFileException(name + "/" + path);
  }

  private Directory parent(String path) throws IOException {
    int slash = path.lastIndexOf('/');
    return directory(slash < 0 ? "" : path.substring(0, slash));
  }

  private static String last(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private Content content(String path) throws IOException {
    if (parent(path).names.get(last(path)) instanceof Content content) {
      return content;
    }
    throw new NoSuchFileException(name + "/" + path);
  }

  @Override
  public String describe() {
    return name;
  }

  @Override
  public Closeable lock() throws IOException {
    if (locked) {
      throw new IOException("log directory " + name + " is in use by another Millrace process");
    }
    locked = true;
    int mine = incarnation;
    return () -> {
      if (mine == incarnation) {
        locked = false;
      }
    };
  }

  @Override
  public List<String> list(String path) throws IOException {
    checkAccess(path);
    return List.copyOf(directory(path).names.keySet());
  }

  @Override
  public boolean isDirectory(String path) {
    try {
      directory(path);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public boolean exists(String path) throws IOException {
    if (path.contains("/")) {
      checkAccess(path);
    }
    try {
      return parent(path).names.containsKey(last(path));
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void createDirectory(String path) throws IOException {
    change();
    parent(path).names.putIfAbsent(last(path), new Directory());
  }

  @Override
  public LogFile open(String path, boolean create) throws IOException {
    if (create) {
      if (readOnly != null && path.startsWith(readOnly + "/")) {
        throw new AccessDeniedException(name + "/" + path);
      }
      change();
      parent(path).names.putIfAbsent(last(path), new Content());
    }
    return new Handle(path, content(path), incarnation);
  }

  @Override
  public void rename(String from, String to) throws IOException {
    change();
    Node moved = parent(from).names.remove(last(from));
    if (moved == null) {
      throw new NoSuchFileException(name + "/" + from);
    }
    parent(to).names.put(last(to), moved);
  }

  @Override
  public void delete(String path) throws IOException {
    change();
    if (exists(path)) {
      parent(path).names.remove(last(path));
    }
  }

  @Override
  public void syncDirectory(String path) throws IOException {
    checkForce(path);
    Directory directory = directory(path);
    directory.durableNames = new TreeMap<>(directory.names);
  }

  private void checkForce(String path) throws IOException {
    change();
    forces++;
    if (forcesThrow) {
      throw new AssertionError("simulated bug");
    }
    if (forcesFail) {
      throw new IOException("flush of " + name + "/" + path + " failed: simulated I/O error");
    }
  }

  @Override
  public long totalBytes() {
    return limit;
  }

  @Override
  public long usableBytes() {
    return limit == Long.MAX_VALUE ? limit : Math.max(0, limit - sizeOf(root));
  }

  private static long sizeOf(Directory directory) {
    long size = 0;
    for (Node node : directory.names.values()) {
      size += node instanceof Directory inner ? sizeOf(inner) : ((Content) node).bytes.length;
    }
    return size;
  }

  /** An open file; of no use once it was closed, or after a crash. */
  private final class Handle implements LogFile {
    private final String path;
    private final Content content;
    private final int openedIn;
    private boolean closed;

    Handle(String path, Content content, int openedIn) {
      this.path = path;
      this.content = content;
      this.openedIn = openedIn;
    }

    private void check() throws IOException {
      if (openedIn != incarnation) {
        throw new IOException(name + "/" + path + " was opened before the crash");
      }
      if (closed) {
        throw new IOException(name + "/" + path + " is closed");
      }
    }

    @Override
    public long size() throws IOException {
      check();
      return content.bytes.length;
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      check();
      int bytes = (int) Math.max(0, Math.min(into.remaining(), content.bytes.length - position));
      into.put(content.bytes, (int) Math.min(position, content.bytes.length), bytes);
      return bytes;
    }

    @Override
    public void write(ByteBuffer from, long position) throws IOException {
      check();
      if (writesFail) {
        throw new IOException("write of " + name + "/" + path + " failed: simulated I/O error");
      }
      if (limit != Long.MAX_VALUE && sizeOf(root) + from.remaining() > limit) {
        throw new DiskFullException(
            "write of " + name + "/" + path + " failed: No space left on device", null);
      }
      byte[] bytes = new byte[from.remaining()];
      from.get(bytes);
      change(new Change(position, bytes));
    }

    private void change(Change change) {
      SimulatedStorage.this.change();
      content.bytes = apply(content.bytes, change);
      content.unforced.add(change);
    }

    @Override
    public void truncate(long size) throws IOException {
      check();
      if (size < content.bytes.length) {
        change(new Change(size, null));
      }
    }

    @Override
    public void force() throws IOException {
      check();
      checkForce(path);
      content.durable = content.bytes.clone();
      content.unforced.clear();
    }

    @Override
    public Records slice(long position, int length) throws IOException {
      check();
      return MemoryRecords.copyOf(ByteBuffer.wrap(content.bytes, (int) position, length));
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
