package dev.rollcall.etcd;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A self-signed certificate, made by the JDK's keytool.
 *
 * @param store both, as PKCS #12
 */
record Certificate(Path certificate, Path key, Path store) {
  static final String PASSWORD = "changeit";

  static Certificate make(Path folder) throws Exception {
    return make(folder, "IP:127.0.0.1");
  }

  static Certificate make(Path folder, String subject) throws Exception {
    Files.createDirectories(folder);
    Path store = folder.resolve("store.p12");
    Process made =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair",
                    "-alias",
                    "server",
                    "-keyalg",
                    "RSA",
                    "-keysize",
                    "2048",
                    "-dname",
                    "CN=127.0.0.1",
                    "-ext",
                    "SAN=" + subject,
                    "-ext",
                    "EKU=serverAuth,clientAuth",
                    "-storetype",
                    "PKCS12",
                    "-storepass",
                    PASSWORD,
                    "-keystore",
                    store.toString()))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("keytool.log").toFile())
            .start();
    if (!made.waitFor(5, TimeUnit.MINUTES) || made.exitValue() != 0) {
      throw new IllegalStateException(Files.readString(folder.resolve("keytool.log")));
    }
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    return new Certificate(
        pem(folder.resolve("cert.pem"), "CERTIFICATE", keys.getCertificate("server").getEncoded()),
        pem(
            folder.resolve("key.pem"),
            "PRIVATE KEY",
            keys.getKey("server", PASSWORD.toCharArray()).getEncoded()),
        store);
  }

  private static Path pem(Path file, String label, byte[] der) throws Exception {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return Files.writeString(
        file, "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n");
  }
}
