import { expect, test } from "vitest";
import { StoreError } from "../store-error.ts";
import { isLostConnection, isPassing, postgresFailure } from "./postgres-failure.ts";

const cases = [
  { said: "connect ECONNREFUSED", code: "ECONNREFUSED", passes: true, lost: true, fault: "unreachable" },
  { said: "write ECONNABORTED", code: "ECONNABORTED", passes: true, lost: true, fault: "unreachable" },
  { said: "getaddrinfo ENOTFOUND db", code: "ENOTFOUND", passes: false, lost: false, fault: "unreachable" },
  { said: "getaddrinfo EAI_AGAIN db", code: "EAI_AGAIN", passes: true, lost: true, fault: "unreachable" },
  { said: "Connection terminated unexpectedly", passes: true, lost: true, fault: "unreachable" },
  { said: "Connection terminated due to connection timeout", passes: true, lost: true, fault: "unreachable" },
  { said: "timeout exceeded when trying to connect", passes: true, lost: true, fault: "unreachable" },
  { said: "timeout expired", passes: true, lost: true, fault: "unreachable" },
  { said: "Query read timeout", passes: true, lost: true, fault: "unreachable" },
  { said: "connection failure", code: "08006", passes: true, lost: true, fault: "unreachable" },
  { said: "idle in transaction", code: "25P03", passes: true, lost: true, fault: "other" },
  { said: "terminating connection", code: "57P01", passes: true, lost: true, fault: "server-stopping" },
  { said: "serialization failure", code: "40001", passes: true, lost: false, fault: "busy" },
  { said: "could not extend file", code: "53100", passes: true, lost: false, fault: "disk-full" },
  { said: "password failed", code: "28P01", passes: false, lost: false, fault: "login-refused" },
  { said: "statement timeout", code: "57014", passes: false, lost: false, fault: "other" },
] as const;

test.each(cases)("$said", ({ said, passes, lost, fault, ...rest }) => {
  const error = Object.assign(new Error(said), rest);
  expect([isPassing(error), isLostConnection(error)]).toEqual([passes, lost]);
  const failure = postgresFailure(error);
  expect(failure).toBeInstanceOf(StoreError);
  expect((failure as StoreError).failure).toEqual({ fault, said });
});
