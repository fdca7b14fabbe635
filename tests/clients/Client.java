// A mutual-TLS client on Java's JSSE: opens COUNT connections, on each writes SIZE bytes right after its Finished and
// only then reads; SIZE 0 sends one HTTP request instead. Prints "HOW-OFTEN WHAT-IT-SAW" lines.
//
// usage: Client PORT HOST CA CHAIN KEY VERSION(1.2|1.3) COUNT SIZE   (CHAIN and KEY may be "-": no certificate)
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

public class Client {
  static final int PARALLEL = 8;

  // Sends its certificate even when the server's list of CA names does not hold its issuer.
  static class Identity extends X509ExtendedKeyManager {
    final X509Certificate[] chain;
    final PrivateKey key;

    Identity(X509Certificate[] chain, PrivateKey key) {
      this.chain = chain;
      this.key = key;
    }

    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) { return "me"; }
    public X509Certificate[] getCertificateChain(String alias) { return chain; }
    public PrivateKey getPrivateKey(String alias) { return key; }
    public String[] getClientAliases(String type, Principal[] issuers) { return new String[] {"me"}; }
    public String[] getServerAliases(String type, Principal[] issuers) { return null; }
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) { return null; }
  }

  static X509Certificate[] certificates(String file) throws Exception {
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      return CertificateFactory.getInstance("X.509").generateCertificates(in).toArray(new X509Certificate[0]);
    }
  }

  static PrivateKey key(String file) throws Exception {
    String pem = Files.readString(Path.of(file)).replaceAll("-----[^-]*-----|\\s", "");
    return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
  }

  static SSLContext context(String ca, String chain, String key) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    int number = 0;
    for (Certificate c : certificates(ca)) trusted.setCertificateEntry("ca" + number++, c);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    KeyManager[] identity = chain.equals("-") ? null : new KeyManager[] {new Identity(certificates(chain), key(key))};
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(identity, trust.getTrustManagers(), null);
    return context;
  }

  // What a connection ended with, in words that tests compare.
  static String words(IOException e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      String text = String.valueOf(t.getMessage());
      if (text.contains("Received fatal alert: ")) return "alert: " + text.replaceFirst(".*Received fatal alert: ", "");
    }
    for (Throwable t = e; t != null; t = t.getCause()) {
      String text = String.valueOf(t.getMessage());
      if (t instanceof SocketException || text.contains("Broken pipe") || text.contains("reset")) return "reset";
    }
    return "other: " + e;
  }

  static String connect(SSLContext context, int port, String host, String version, int size) {
    try (Socket plain = new Socket()) {
      plain.connect(new InetSocketAddress("127.0.0.1", port), 20000);
      plain.setSoTimeout(20000);
      SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, host, port, true);
      socket.setEnabledProtocols(new String[] {"TLSv" + version});
      IOException writing = null;
      try {
        socket.startHandshake();
        OutputStream out = socket.getOutputStream();
        out.write(size > 0 ? new byte[size]
            : ("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
      } catch (IOException e) {
        writing = e;
        if (words(e).startsWith("alert")) return words(e);
      }
      try {
        byte[] answer = new byte[65536];
        int n = socket.getInputStream().read(answer);
        if (n < 0) return writing == null ? "end" : words(writing);
        return "data: " + new String(answer, 0, n, StandardCharsets.US_ASCII).replaceFirst("(?s).*\r\n\r\n", "").trim();
      } catch (IOException e) {
        return words(e);
      }
    } catch (IOException e) {
      return words(e);
    }
  }

  public static void main(String[] a) throws Exception {
    int port = Integer.parseInt(a[0]), count = Integer.parseInt(a[6]), size = Integer.parseInt(a[7]);
    SSLContext context = context(a[2], a[3], a[4]);
    ExecutorService pool = Executors.newFixedThreadPool(PARALLEL);
    List<Future<String>> results = new ArrayList<>();
    Callable<String> one = () -> connect(context, port, a[1], a[5], size);
    for (int i = 0; i < count; i++) results.add(pool.submit(one));
    Map<String, Integer> seen = new TreeMap<>();
    for (Future<String> result : results) seen.merge(result.get(), 1, Integer::sum);
    pool.shutdown();
    seen.forEach((what, often) -> System.out.println(often + " " + what));
  }
}
