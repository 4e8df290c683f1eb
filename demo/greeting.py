"""What `make demo` prints once everything runs: addresses, the login, and commands to try."""

import json
import shlex

from demo.plan import STAFF
from demo.stack import Stack

GREETING = """
Multiconnect is running.

  Tour            {tour}/    what to look at in three minutes, and a mailbox with all mails
  Portal          {portal}/admin/      log in as {staff} with {password}
  Subscriber      {portal}/authenticate
  Other side      {emulator}/control/    Heroku, Heroku Connect, Salesforce and X, emulated
  E-mails         {tour}/mail/    files in {mail}/
  Logs            {state}/    web.log, worker.log, emulator.log
  Postgres        {database}

Register an org yourself. Unsigned, it waits for proof:
  {unsigned}
Signed, it goes straight on:
  {signed}
An org must exist in the emulator before its admin can sign in:
  {org}
Heroku Connect syncs at intervals; this makes it sync at once:
  curl -X POST {emulator}/control/sync

Ctrl-C stops everything. The next `make demo` continues with the same data; `make clean` removes it.
"""


def greeting(stack: Stack) -> str:
    """Return the text, with this stack's addresses and a signed callout to paste."""
    plan, emulator = stack.plan, stack.plan.emulator_url
    body = {"org_id": "00D000000000001EAA", "org_name": "Fjord", "admin_email": "it@fjord.example"}
    text = shlex.quote(json.dumps(body))
    post = f"curl -i {plan.portal_url}/organizations -H 'Content-Type: application/json'"
    digest = f'printf %s "$T.$B" | openssl dgst -sha256 -hmac {stack.registration_secret}'
    signed = (
        f'B={text} T=$(date +%s); {post} -H "X-Multiconnect-Timestamp: $T" '
        f'-H "X-Multiconnect-Signature: v1=$({digest} | sed \'s/.* //\')" -d "$B"'
    )
    org = {"org_id": body["org_id"], "name": body["org_name"], "admin_email": body["admin_email"]}
    return GREETING.format(
        tour=plan.tour_url,
        portal=plan.portal_url,
        emulator=emulator,
        staff=STAFF,
        password=stack.password,
        mail=plan.mail,
        state=plan.state,
        database=stack.database_url,
        unsigned=f"{post} -d {text}",
        signed=signed,
        org=f"curl -X POST {emulator}/control/orgs -d {shlex.quote(json.dumps(org))}",
    )
