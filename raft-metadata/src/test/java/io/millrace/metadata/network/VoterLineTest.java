package io.millrace.metadata.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.quorum.VoterAddress;
import io.millrace.metadata.quorum.VoterDirectory;
import io.millrace.protocol.network.FreePorts;
import io.millrace.protocol.network.NetworkLoops;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class VoterLineTest {

  @Test
  void portThatAcceptsIsALivingVoter_andOneThatRefusesIsAGoneOne() throws Exception {
    CountDownLatch gone = new CountDownLatch(1);
    ServerSocket port = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    try (NetworkLoops loops = new NetworkLoops("line", 1)) {
      port.setSoTimeout(30_000);
      VoterAddress voter =
          new VoterAddress(
              2, InetAddress.getLoopbackAddress().getHostAddress(), port.getLocalPort());
      try (VoterDirectory.Line line =
          new NetworkVoterDirectory(loops).keepLine(voter, gone::countDown)) {
        assertThat(line).isNotNull();
        // when the connection breaks, it is made again
        port.accept().close();
        try (Socket again = port.accept()) {
          assertThat(again.isConnected()).isTrue();
          assertThat(gone.getCount()).isEqualTo(1);
          // when the process ends, so do its port and its connections
          port.close();
        }
        assertThat(gone.await(30, TimeUnit.SECONDS)).isTrue();
      }
    } finally {
      port.close();
    }
  }

  @Test
  void portThatNeverAnswered_isNoGoneVoter() throws Exception {
    int port = FreePorts.find();
    CountDownLatch gone = new CountDownLatch(1);
    try (NetworkLoops loops = new NetworkLoops("line", 1)) {
      VoterAddress voter =
          new VoterAddress(2, InetAddress.getLoopbackAddress().getHostAddress(), port);
      try (VoterDirectory.Line line =
          new NetworkVoterDirectory(loops).keepLine(voter, gone::countDown)) {
        assertThat(line).isNotNull();
        // it is refused at least once, and goes on trying
        VoterConnection.connect(loops, voter, Duration.ofSeconds(30)).handle((c, e) -> e).join();
        try (ServerSocket late = new ServerSocket(port, 50, InetAddress.getLoopbackAddress())) {
          late.setSoTimeout(30_000);
          late.accept().close();
          assertThat(gone.getCount()).isEqualTo(1);
        }
        assertThat(gone.await(30, TimeUnit.SECONDS)).isTrue();
      }
    }
  }
}
