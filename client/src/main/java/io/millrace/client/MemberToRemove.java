package io.millrace.client;

import org.jspecify.annotations.Nullable;

/** A member that is to leave its group, named by its member id or, if static, by its instance. */
public record MemberToRemove(String memberId, @Nullable String instanceId) {

  /** By member id. */
  public static MemberToRemove member(String memberId) {
    return new MemberToRemove(memberId, null);
  }

  /** A static member, whatever its member id is now. */
  public static MemberToRemove instance(String instanceId) {
    return new MemberToRemove("", instanceId);
  }

  @Override
  public String toString() {
    return instanceId == null ? "member " + memberId : "instance " + instanceId;
  }
}
