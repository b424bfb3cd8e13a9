package io.millrace.server.coordinator.group;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Settings for tests: the defaults, but for what a test is about. */
final class GroupConfigs {
  private GroupConfigs() {}

  static GroupConfig with(String name, Object value) {
    return with(Map.of(name, value));
  }

  /**
   * @param changes by the names of {@link GroupConfig}'s components
   */
  static GroupConfig with(Map<String, ?> changes) {
    RecordComponent[] components = GroupConfig.class.getRecordComponents();
    Map<String, Object> left = new HashMap<>(changes);
    Object[] values = new Object[components.length];
    try {
      for (int i = 0; i < values.length; i++) {
        Object changed = left.remove(components[i].getName());
        values[i] =
            changed != null ? changed : components[i].getAccessor().invoke(GroupConfig.DEFAULT);
      }
      if (!left.isEmpty()) {
        throw new IllegalArgumentException("no settings " + left.keySet());
      }
      return GroupConfig.class
          .getDeclaredConstructor(
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new))
          .newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
