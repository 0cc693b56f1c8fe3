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

# The value tells why: method, author domain, published policy, and the reason. To treat some of it otherwise:
#
#   require ["fileinto", "mailbox", "imap4flags"];
#   if header :contains "X-Sekisho-Quarantine" "reason=lowered.own" {
#     addflag "\\Flagged";
#     keep;
#     stop;
#   }
