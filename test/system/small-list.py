#!/usr/bin/python3
"""A mailing list for tests: reads a message, changes it as list managers do, and hands it over by SMTP.

usage: small-list.py PORT LIST-ADDRESS MEMBERS [KEEP-FOLDER]

Subject gets a number, the body a footer, List-* fields are its own; the message goes through Python's email package, as
in Mailman. MEMBERS are divided by "," within a batch and by ";" between batches. With KEEP-FOLDER what is handed over is
written there as well.
"""

import email
import email.header
import os
import smtplib
import sys


def decoded(value):
    return str(email.header.make_header(email.header.decode_header(value or "")))


def main(port, address, members, keep=None):
    message = email.message_from_binary_file(sys.stdin.buffer)
    name = address.split("@")[0]
    subject = decoded(message["Subject"])
    del message["Subject"]
    text = "[%s:1] %s" % (name, subject)
    try:
        text.encode("ascii")
        message["Subject"] = text
    except UnicodeEncodeError:
        message["Subject"] = email.header.Header(text, "utf-8")
    for field in ("List-Id", "List-Post", "Precedence", "Return-Path", "Delivered-To", "X-Original-To"):
        del message[field]
    message["List-Id"] = "The %s list <%s>" % (name, address.replace("@", "."))
    message["List-Post"] = "<mailto:%s>" % address
    message["Precedence"] = "list"
    if not message.is_multipart():
        message.set_payload(message.get_payload() + "-- \n%s mailing list\n" % name)
    octets = message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if keep:
        with open(os.path.join(keep, "handed-over"), "wb") as file:
            file.write(octets)
    with smtplib.SMTP("127.0.0.1", int(port), timeout=600) as smtp:
        for batch in members.split(";"):
            smtp.sendmail("%s-bounces@%s" % tuple(address.split("@")), batch.split(","), octets)


main(*sys.argv[1:])
