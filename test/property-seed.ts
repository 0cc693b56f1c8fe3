import fc from "fast-check";

// The same cases in every run, so that a change is judged by itself; PROPERTY_SEED tries others.
fc.configureGlobal({ seed: Number(process.env["PROPERTY_SEED"] ?? 1) });
