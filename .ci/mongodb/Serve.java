import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.util.List;

/**
 * A MongoDB-protocol server for the tests, which is not ours: mongo-java-server, with its data in memory. Takes a port
 * of 127.0.0.1, 0 for a free one; says "listening mongodb://127.0.0.1:PORT/" when it does; stops on SIGTERM.
 */
final class Serve {
  public static void main(String[] arguments) {
    int port = arguments.length == 0 ? 0 : Integer.parseInt(arguments[0]);
    MongoServer server = new MongoServer(new Backend().version(new Version()));
    server.bind("127.0.0.1", port);
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    System.out.println("listening mongodb://127.0.0.1:" + server.getLocalAddress().getPort() + "/");
  }

  /** Answers hold the stored documents themselves, so the next writer would change one that is still being sent. */
  private static final class Backend extends MemoryBackend {
    @Override
    public synchronized Document handleMessage(MongoMessage message) {
      return super.handleMessage(message).cloneDeeply();
    }
  }

  /** The newest that it knows by name says wire version 8; drivers of today want 9 (MongoDB 4.4) at least. */
  private static final class Version implements MongoVersion {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(5, 0, 0);
    }

    @Override
    public int getWireVersion() {
      return 13;
    }
  }
}
