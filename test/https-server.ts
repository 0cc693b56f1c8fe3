import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { makeCertificate, type TestCertificate } from "./certificates.ts";

export interface TestHttps {
  readonly port: number;
  /** The root that the server's certificate leads to, in PEM. */
  readonly ca: string;
  close(): Promise<void>;
}

/** An HTTPS server on loopback with a certificate for the names, by an authority of its own. */
export async function startHttps(
  names: readonly string[],
  listener: RequestListener,
  certificate: { readonly notAfter?: Date } = {},
): Promise<TestHttps> {
  const root: TestCertificate = makeCertificate({ subject: "Test TLS Root", authority: {} });
  const leaf = makeCertificate({ subject: "server", issuer: root, dnsNames: names, ...certificate });
  const key = leaf.key.privateKey.export({ type: "pkcs8", format: "pem" });
  const server = createServer({ key, cert: leaf.pem }, listener);
  // Clients that do not trust it break the handshake off.
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    ca: root.pem,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
