package io.millrace.protocol.network;

import static io.millrace.concurrent.Interleavings.check;

import io.millrace.concurrent.Interleavings;
import org.junit.jupiter.api.Test;

/** Never more requests in flight than places, and no place is lost. */
class InFlightPlacesConcurrencyTest {

  private static void use(InFlightPlaces places) {
    if (places.tryTake()) {
      check(places.taken() <= 2, places.taken() + " in flight, 2 are allowed");
      places.giveBack();
    }
  }

  @Test
  void tryTake_fromManyThreads_keepsToTheBound() {
    Interleavings.explore(
        500,
        () -> {
          InFlightPlaces places = Interleavings.shared(new InFlightPlaces(2));
          check(places.tryTake(), "the first finds a place");
          Interleavings.inParallel(
              () -> use(places), () -> use(places), () -> use(places), places::giveBack);
          check(places.taken() == 0, "places lost: " + places.taken());
          check(places.tryTake(), "there is one again");
          check(places.tryTake(), "there is a second again");
          check(!places.tryTake(), "there is no third");
        });
  }
}
