# Files mail that Sekisho quarantined (verify.quarantine_action: header) into Junk.
#
# Dovecot, for all users before their own scripts:
#   plugin { sieve_before = /etc/dovecot/sieve/sekisho-quarantine.sieve }
# then: sievec /etc/dovecot/sieve/sekisho-quarantine.sieve
#
# Sekisho removes X-Sekisho-Quarantine from everything that comes in, so what is there now it wrote itself. Mail that
# does not pass it (another MX without it) must not reach this script.
require ["fileinto", "mailbox"];

if exists "X-Sekisho-Quarantine" {
  fileinto :create "Junk";
  stop;
}

# The value tells why: method, author domain, published policy, and last the reason, each divided from the next by "; ".
# Ask for one with :matches and its dividers: :contains "domain=example.jp" would also fit example.jp.other.example, and
# "reason=second" every reason that begins so. To treat some of it otherwise, before the rule above:
#
#   require ["fileinto", "mailbox", "imap4flags"];
#   if header :matches "X-Sekisho-Quarantine" ["dmarc; domain=example.jp; *", "*; reason=lowered.own"] {
#     addflag "\\Flagged";
#     keep;
#     stop;
#   }
