// A mutual-TLS server on Java's JSSE: answers "hello from java".
//
// usage: Server KEY=VALUE...   port, chain, key, trust, version (1.2|1.3); and where they are wanted:
// names: a file of CAs, named to clients in place of those trusted; crl: a file; rule: the only common name that is answered
// other than 403; suite: the only suite; plain: no TLS
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

public class Server {
  static final Map<String, String> given = new HashMap<>();

  static X509Certificate[] certificates(String file) throws Exception {
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      return CertificateFactory.getInstance("X.509").generateCertificates(in).toArray(new X509Certificate[0]);
    }
  }

  // The chain as it stands in the file. A key store would refuse one in another order.
  static class Identity extends X509ExtendedKeyManager {
    final X509Certificate[] chain;
    final PrivateKey key;

    Identity(String chain, String key) throws Exception {
      this.chain = certificates(chain);
      String pem = Files.readString(Path.of(key)).replaceAll("-----[^-]*-----|\\s", "");
      String type = this.chain[0].getPublicKey().getAlgorithm();
      this.key = KeyFactory.getInstance(type).generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
    }

    String chosen(String type) {
      return type.equals(key.getAlgorithm()) ? "me" : null;
    }

    public X509Certificate[] getCertificateChain(String alias) { return chain; }
    public PrivateKey getPrivateKey(String alias) { return key; }
    public String[] getClientAliases(String type, Principal[] issuers) { return null; }
    public String[] getServerAliases(String type, Principal[] issuers) { return new String[] {"me"}; }
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) { return null; }
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) { return chosen(type); }
    public String chooseEngineServerAlias(String type, Principal[] issuers, SSLEngine engine) { return chosen(type); }
  }

  // Judges by one manager and tells clients the names of other CAs.
  static class Naming extends X509ExtendedTrustManager {
    final X509ExtendedTrustManager judge;
    final X509Certificate[] named;

    Naming(X509ExtendedTrustManager judge, X509Certificate[] named) {
      this.judge = judge;
      this.named = named;
    }

    public X509Certificate[] getAcceptedIssuers() { return named; }
    public void checkClientTrusted(X509Certificate[] c, String t) throws CertificateException { judge.checkClientTrusted(c, t); }
    public void checkServerTrusted(X509Certificate[] c, String t) throws CertificateException { judge.checkServerTrusted(c, t); }
    public void checkClientTrusted(X509Certificate[] c, String t, Socket s) throws CertificateException { judge.checkClientTrusted(c, t, s); }
    public void checkServerTrusted(X509Certificate[] c, String t, Socket s) throws CertificateException { judge.checkServerTrusted(c, t, s); }
    public void checkClientTrusted(X509Certificate[] c, String t, SSLEngine e) throws CertificateException { judge.checkClientTrusted(c, t, e); }
    public void checkServerTrusted(X509Certificate[] c, String t, SSLEngine e) throws CertificateException { judge.checkServerTrusted(c, t, e); }
  }

  static TrustManager[] trust() throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    int number = 0;
    for (Certificate c : certificates(given.get("trust"))) trusted.setCertificateEntry("ca" + number++, c);
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    if (given.containsKey("crl")) {
      PKIXBuilderParameters rules = new PKIXBuilderParameters(trusted, new X509CertSelector());
      try (InputStream in = Files.newInputStream(Path.of(given.get("crl")))) {
        var lists = CertificateFactory.getInstance("X.509").generateCRLs(in);
        rules.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
      }
      factory.init(new CertPathTrustManagerParameters(rules));
    } else {
      factory.init(trusted);
    }
    TrustManager[] managers = factory.getTrustManagers();
    if (given.containsKey("names")) managers[0] = new Naming((X509ExtendedTrustManager) managers[0], certificates(given.get("names")));
    return managers;
  }

  static ServerSocket listen() throws Exception {
    int port = Integer.parseInt(given.get("port"));
    InetAddress here = InetAddress.getByName("127.0.0.1");
    if (given.containsKey("plain")) return new ServerSocket(port, 50, here);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(new KeyManager[] {new Identity(given.get("chain"), given.get("key"))}, trust(), null);
    SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(port, 50, here);
    listener.setEnabledProtocols(new String[] {"TLSv" + given.get("version")});
    if (given.containsKey("suite")) listener.setEnabledCipherSuites(new String[] {given.get("suite")});
    listener.setNeedClientAuth(true);
    return listener;
  }

  static boolean admitted(Socket socket) throws IOException {
    String rule = given.get("rule");
    return rule == null || ((SSLSocket) socket).getSession().getPeerPrincipal().getName().equals("CN=" + rule);
  }

  static void answer(Socket socket) {
    try (socket) {
      socket.setSoTimeout(20000);
      InputStream in = socket.getInputStream();
      byte[] request = new byte[65536];
      int length = 0;
      while (!new String(request, 0, length, StandardCharsets.ISO_8859_1).contains("\r\n")) {
        int n = in.read(request, length, request.length - length);
        if (n <= 0) return;
        length += n;
      }
      boolean http = new String(request, 0, length, StandardCharsets.ISO_8859_1).startsWith("GET ");
      String status = !http ? "400 Bad Request" : admitted(socket) ? "200 OK" : "403 Forbidden";
      String body = http ? "hello from java\n" : "";
      String head = "HTTP/1.1 " + status + "\r\nContent-Length: " + body.length() + "\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      System.out.println(e);
    }
  }

  public static void main(String[] arguments) throws Exception {
    for (String argument : arguments) given.put(argument.split("=", 2)[0], argument.split("=", 2)[1]);
    ServerSocket listener = listen();
    while (true) {
      Socket socket = listener.accept();
      new Thread(() -> answer(socket)).start();
    }
  }
}
