import { chmodSync, existsSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { removeStaleSocket } from "../milter/index.ts";

/** The socket by which commands on this machine ask the running program, for its own user only. */
export interface ControlServer {
  /** Answers what has been asked, and waits for nobody who has asked nothing. */
  close(): Promise<void>;
}

/** One line is asked, one JSON document answered. */
export type ControlQuestion = "status";

const maxLineOctets = 100;
const idleMs = 5_000;
const maxAnswerOctets = 10_000_000;

function controlPath(dataDir: string): string {
  return join(dataDir, "control.sock");
}

/**
 * Listens in the data folder.
 * @throws When the path is too long for a socket, or the folder is not ours.
 */
export async function serveControl(
  dataDir: string,
  answer: (question: ControlQuestion) => Promise<object>,
): Promise<ControlServer> {
  const path = controlPath(dataDir);
  await removeStaleSocket(path);
  const sockets = new Set<Socket>();
  const answers = new Set<Promise<void>>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    converse(socket, (question) => {
      const replied = reply(socket, question, answer).finally(() => answers.delete(replied));
      answers.add(replied);
    });
  });
  await listen(server, path);
  chmodSync(path, 0o600);
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all(answers);
      for (const socket of sockets) socket.destroySoon();
      await closed;
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  const before = isMainThread ? process.umask(0o177) : undefined;
  return new Promise<void>((resolve, reject) => {
    // Also later, of `accept`: those that are connected go on.
    server.on("error", reject);
    server.listen(path, () => resolve());
    if (before !== undefined) process.umask(before);
  });
}

function converse(socket: Socket, asked: (question: string) => void): void {
  let line = "";
  socket.setEncoding("latin1").setTimeout(idleMs, () => socket.destroy());
  socket.on("error", () => {});
  socket.on("data", (text: string) => {
    line += text;
    if (line.length > maxLineOctets) socket.destroy();
    const end = line.indexOf("\n");
    if (end < 0) return;
    socket.removeAllListeners("data").resume();
    asked(line.slice(0, end));
  });
}

async function reply(
  socket: Socket,
  question: string,
  answer: (question: ControlQuestion) => Promise<object>,
): Promise<void> {
  try {
    const document = question === "status" ? await answer(question) : { error: "unknown question" };
    socket.end(`${JSON.stringify(document)}\n`);
  } catch (error) {
    socket.end(`${JSON.stringify({ error: String(error) })}\n`);
  }
}

/** Whether a program is there, whoever it belongs to. In a folder that one may not look into none is seen. */
export function isRunning(dataDir: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(controlPath(dataDir), () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "EACCES" && existsSync(controlPath(dataDir))),
    );
  });
}

/**
 * Asks the program that runs with this data folder.
 * @throws With `code` ENOENT or ECONNREFUSED when none does, EACCES when it is somebody else's.
 */
export function askControl(dataDir: string, question: ControlQuestion, timeoutMs = 10_000): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(controlPath(dataDir), () => socket.write(`${question}\n`));
    let text = "";
    socket
      .setEncoding("utf8")
      .setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer in ${timeoutMs} ms`)));
    socket.on("data", (part: string) => {
      text += part;
      if (text.length > maxAnswerOctets) socket.destroy(new Error("the answer is too long"));
    });
    socket.once("error", reject);
    socket.once("close", () => {
      try {
        resolve(JSON.parse(text));
      } catch (error) {
        reject(error);
      }
    });
  });
}
