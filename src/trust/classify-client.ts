export type Origin = "stranger" | "relay" | "own" | "submitter" | "local";
