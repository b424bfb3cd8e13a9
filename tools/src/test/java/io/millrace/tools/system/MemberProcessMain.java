package io.millrace.tools.system;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/**
 * One or more {@link GroupMember}s as a process of their own, which can be killed and frozen, on
 * whichever kafka-clients is on its class path. Tells events on its standard output; its members
 * leave on SIGTERM.
 */
public final class MemberProcessMain {

  private MemberProcessMain() {}

  /**
   * Argument: a properties file with the consumer's settings and {@code members} and {@code topics}
   * (lists with commas).
   */
  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    try (var reader = Files.newBufferedReader(Path.of(args[0]))) {
      settings.load(reader);
    }
    List<String> names = take(settings, "members");
    List<String> topics = take(settings, "topics");
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    List<GroupMember> members = new ArrayList<>();
    for (String name : names) {
      members.add(
          new GroupMember(
              name,
              settings,
              GroupMember.Subscription.topics(topics),
              event -> out.println(event.line())));
    }
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  members.forEach(GroupMember::stop);
                  members.forEach(GroupMember::close);
                }));
    Thread.currentThread().join();
  }

  private static List<String> take(Properties settings, String key) {
    String value = settings.getProperty(key, "");
    settings.remove(key);
    return Arrays.asList(value.split(","));
  }
}
