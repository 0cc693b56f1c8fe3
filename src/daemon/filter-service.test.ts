import { expect, test } from "vitest";
import { MilterClient } from "../../test/milter-client.ts";
import { parseConfig } from "../config/load.ts";
import { systemClock } from "../core/clock.ts";
import { memoryResolver } from "../core/dns/memory.ts";
import { createFilterService } from "./filter-service.ts";
import { openMethods } from "./methods.ts";
import { bindSocket } from "./shared-socket.ts";
import { daemonText } from "./text.ts";

test("who retires listens on nothing more, whatever is configured, and ends with the last connection", async () => {
  const loaded = await parseConfig('milter: { sockets: [ { listen: "inet:127.0.0.1:0" } ] }', {
    file: "test",
  });
  const socket = loaded.ok ? loaded.config.milter.sockets[0] : undefined;
  if (!loaded.ok || socket === undefined) throw new Error("no configuration");
  const { config } = loaded;
  const services = { dns: memoryResolver({}), clock: systemClock };
  const { options } = await openMethods(config, services);
  const service = createFilterService({
    ...services,
    ask: async () => undefined,
    keep() {},
    lost() {},
    event() {},
  });
  const bound = await bindSocket(socket, { text: daemonText("en") });
  const handles = new Map([[socket.listen, bound.handOver()]]);
  await service.configure(config, options, handles);
  const client = await MilterClient.open({ port: bound.address.kind === "tcp" ? bound.address.port : 0 });
  await client.connect();
  const over = service.retire();
  await service.configure(config, options, handles);
  expect(service.stats().connections).toBe(1);
  await client.quit();
  await over;
  expect(service.stats()).toMatchObject({ connections: 0, accepted: 1 });
});
