import type { Config } from "../config/config.ts";
import type { Lang } from "../findings/lang.ts";
import type { RotationNote } from "../keys/rotation-journal.ts";
import { mailOf } from "../keys/rotation-mail.ts";
import type { Log } from "../log.ts";

const timeoutMs = 30_000;

/** Sends the operator mail about keys, when the configuration names him. What cannot be sent is logged and forgotten. */
export function createKeyMailer(config: Config, lang: Lang, log: Log): (note: RotationNote) => void {
  const notify = config.sign.rotate?.notify;
  if (notify === undefined) return () => {};
  const { host, port } = notify.server;
  const from = notify.from ?? `sekisho@${config.hostname}`;
  return (note) => {
    const mail = mailOf(note, lang);
    if (mail === undefined) return;
    void send({ host, port }, { from, to: notify.to, ...mail }).catch((error: unknown) =>
      log.error("key: no mail could be sent", {
        reason: error instanceof Error ? error.message : String(error),
      }),
    );
  };
}

interface PlainMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

async function send(
  server: { readonly host: string; readonly port: number },
  { to, ...mail }: PlainMail,
): Promise<void> {
  const { createTransport } = await import("nodemailer");
  const transport = createTransport({
    ...server,
    secure: false,
    // The MTA of this host, where certificates are seldom for the name it is called by.
    tls: { rejectUnauthorized: false },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  });
  try {
    // RFC 3834 §5: nobody shall answer it by himself.
    await transport.sendMail({ ...mail, to: [...to], headers: { "Auto-Submitted": "auto-generated" } });
  } finally {
    transport.close();
  }
}
