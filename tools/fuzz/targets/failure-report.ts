import { Allowance } from "../../../src/collect/extract/limits.ts";
import { readMail } from "../../../src/collect/extract/mime-part.ts";
import { readFailureMail, readTextFailure } from "../../../src/collect/extract/read-failure.ts";
import type { FuzzTarget } from "../target.ts";

function arf(feedback: string, reported: string, type = "text/rfc822-headers"): string {
  return `From: r@r.example\r\nContent-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n--b\r\n\r\nA report.\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n${feedback}\r\n--b\r\nContent-Type: ${type}\r\n\r\n${reported}\r\n--b--\r\n`;
}

const feedback = `Feedback-Type: auth-failure\r\nVersion: 1\r\nAuth-Failure: dmarc\r\nSource-IP: [IPv6:2001:db8::1]\r\nIncidents: 3\r\nArrival-Date: Fri, 20 Nov 2026 09:00:00 +0900\r\nOriginal-Mail-From: <a@b.example>\r\nReported-Domain: b.example`;
const seeds: readonly (string | Buffer)[] = [
  arf(feedback, "From: =?ISO-2022-JP?B?GyRCOzNFRBsoQg==?= <a@b.example>\r\nSubject: x"),
  arf(feedback, "From: a@b.example\r\n\r\nbody", "message/rfc822"),
  arf("Feedback-Type: abuse\r\nUser-Agent:\r\n a\r\n b\r\nReported-URI: https://x.example/", ""),
  Buffer.from(arf(feedback, "Subject: \x93\xfa\x96\x7b"), "latin1"),
  "From: m@mx.example\r\nSubject: DMARC failure report for victim.example\r\n\r\nThe message failed the DMARC verification.\r\n\r\n  Sending IP address: 203.0.113.9\r\n  Envelope sender: <x@evil.example>\r\n\r\nReceived: from evil.example\r\nFrom: You <you@victim.example>\r\n",
  'From: g@gw.example\r\nSubject: FW: dmarc policy violation\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSource IP: 192.0.2.1\r\nDisposition: reject\r\n--b\r\nContent-Type: message/rfc822; name="x"\r\n\r\nFrom: a@b\r\n\r\nx\r\n--b--\r\n',
];

/** Reads any mail as a failure report, of both forms. */
export const target: FuzzTarget = {
  name: "failure-report",
  seeds: seeds.map((seed) => Buffer.from(seed as string)),
  run(input) {
    const mail = readMail(input, new Allowance());
    for (const report of [readFailureMail(mail), readTextFailure(mail)])
      if (report !== undefined && !(Number.isSafeInteger(report.incidents) && report.incidents >= 0))
        throw new Error(`incidents ${report.incidents}`);
  },
};
